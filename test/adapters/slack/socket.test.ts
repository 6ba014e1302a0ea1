import { describe, expect, test } from "vitest";
import { slack } from "../../../src/adapters/slack/index.ts";
import {
  type AdapterHost,
  createBot,
  type Event,
  type Plugin,
  type Receipt,
  systemClock,
} from "../../../src/core/index.ts";
import { pizza } from "../../../src/plugins/pizza/index.ts";
import { memory } from "../../../src/storage/memory/index.ts";
import { request, type StartOptions, startAdapter } from "../stage.ts";
import { createFakeSlack } from "./fake-slack.ts";
import { fixture } from "./fixture.ts";
import { createSocketSlack, type SocketSlack } from "./socket-slack.ts";
import { posted, reply, to } from "./started.ts";

const credentials = (apiUrl: string) =>
  ({ token: "xoxb-1", appToken: "xapp-1", botUserId: "U0BOTUSER", apiUrl, pace: false }) as const;

/** An adapter that is connected by a socket alone. */
async function startSocket(options: StartOptions = {}) {
  const there = await createSocketSlack();
  const adapter = slack(credentials(there.api.apiUrl));
  const bot = await startAdapter(adapter, options);
  return {
    ...bot,
    adapter,
    there,
    async [Symbol.asyncDispose]() {
      await bot[Symbol.asyncDispose]();
      await there[Symbol.asyncDispose]();
    },
  };
}

/** A whole bot, with what its Slack was told to post. */
async function openBot(there: SocketSlack, plugins: readonly Plugin[]) {
  there.api.on("chat.postMessage", posted);
  const storage = memory();
  const bot = createBot({ name: "moe", storage, adapters: [slack(credentials(there.api.apiUrl))], plugins });
  await bot.start();
  return {
    storage,
    posts: () => there.api.calls.filter(({ method }) => method === "chat.postMessage").length,
    async settle() {
      while (storage.pending() > 0) await new Promise((resolve) => setTimeout(resolve, 2));
    },
    [Symbol.asyncDispose]: () => bot.stop(),
  };
}

/** A message that is asked for a pizza, with a time of its own. */
function order(number: number): object {
  const ts = `1800000${String(number).padStart(3, "0")}.000100`;
  const { event, ...envelope } = fixture("message");
  return { ...envelope, event_id: `Ev${number}`, event: { ...(event as object), text: "pizza", ts, event_ts: ts } };
}

test("neither a signing secret nor a public address is needed", async () => {
  await using bot = await startSocket();
  expect(slack({ token: "xoxb-1", appToken: "xapp-1" }).missing).toEqual([]);
  expect(slack({ appToken: "xapp-1" }).missing).toEqual(["SLACK_BOT_TOKEN"]);
  const [open] = bot.there.api.calls;
  expect(open).toMatchObject({ method: "apps.connections.open", headers: { authorization: "Bearer xapp-1" } });
  const answer = await bot.deliver(request({ path: "/slack/events" }));
  expect(answer).toMatchObject({ status: 404, body: expect.stringContaining("SLACK_SIGNING_SECRET") });
});

test("a message is answered, and acknowledged without a payload", async () => {
  await using there = await createSocketSlack();
  await using bot = await openBot(there, [pizza()]);
  const envelope_id = there.send("events_api", order(1));
  expect(await there.acks(1)).toEqual([{ envelope_id }]);
  await bot.settle();
  expect(bot.posts()).toBe(1);
});

test("a slash command and a button come by the same road", async () => {
  await using bot = await startSocket();
  bot.there.send("slash_commands", fixture("slash-command"));
  await bot.there.acks(1);
  bot.there.send("interactive", fixture("block-actions"));
  await bot.there.acks(2);
  expect(bot.events).toMatchObject([
    { kind: "command", name: "ticket", text: "open 42" },
    { kind: "action", value: "42" },
  ]);
});

test("the immediate text of a command goes along with the acknowledgement", async () => {
  const receive = async (event: Event): Promise<Receipt> => ({
    event: event.id,
    duplicate: false,
    ack: "Just a moment",
  });
  await using bot = await startSocket({ receive });
  const envelope_id = bot.there.send("slash_commands", fixture("slash-command"));
  const [acknowledged] = await bot.there.acks(1);
  expect(acknowledged).toEqual({
    envelope_id,
    payload: expect.objectContaining({ response_type: "ephemeral", text: "Just a moment" }),
  });
});

describe("acknowledgements", () => {
  test("none leaves before the event is stored", async () => {
    const storing = Promise.withResolvers<Receipt>();
    const received = Promise.withResolvers<void>();
    await using bot = await startSocket({
      receive: () => {
        received.resolve();
        return storing.promise;
      },
    });
    const first = bot.there.send("events_api", order(1));
    await received.promise;
    // An answer to what is sent later would come later than one to the first.
    const second = bot.there.send("events_api", { ...fixture("member-joined") });
    expect(await bot.there.acks(1)).toEqual([{ envelope_id: second }]);
    storing.resolve({ event: "e", duplicate: false });
    expect((await bot.there.acks(2)).at(-1)).toEqual({ envelope_id: first });
  });

  test("what cannot be stored is not acknowledged, and taken when it comes again", async () => {
    let isFull = true;
    const events: Event[] = [];
    await using bot = await startSocket({
      receive: async (event) => {
        if (isFull) throw new Error("The disk is full.");
        events.push(event);
        return { event: event.id, duplicate: false };
      },
    });
    bot.there.send("events_api", order(1));
    const ignored = bot.there.send("events_api", { ...fixture("member-joined") });
    await bot.there.acks(1);
    isFull = false;
    const again = bot.there.send("events_api", order(1), { retry_attempt: 1, retry_reason: "timeout" });
    expect(await bot.there.acks(2)).toEqual([{ envelope_id: ignored }, { envelope_id: again }]);
    expect(events).toHaveLength(1);
  });

  test("what no sending again would mend is acknowledged, and the connection goes on", async () => {
    await using bot = await startSocket();
    const [connection] = bot.there.connections;
    for (const frame of ["no JSON", "[]", "{}", '{"type":"news"}', Buffer.from([0, 1])]) connection?.send(frame);
    // A frame of this kind has no `event`.
    bot.there.send("events_api", fixture("app-rate-limited"));
    bot.there.send("events_api", { type: "event_callback", event: "text" });
    bot.there.send("interactive", { type: "block_actions", actions: "none" });
    bot.there.send("interactive", []);
    bot.there.send("interactive", fixture("view-submission"));
    bot.there.send("events_api", order(1));
    await bot.there.acks(6);
    expect(bot.events).toHaveLength(1);
    expect(bot.there.connections).toHaveLength(1);
  });
});

describe("the connection", () => {
  test("dies while messages come: all of them are answered once", async () => {
    await using there = await createSocketSlack();
    await using bot = await openBot(there, [pizza()]);
    for (let number = 1; number <= 5; number++) there.send("events_api", order(number));
    const [old] = there.connections;
    const died = new Promise((resolve) => old?.once("close", resolve));
    old?.terminate();
    await died;
    await there.open(1);
    // Slack cannot know which were taken, so it sends those again that it has no acknowledgement for.
    const known = new Set(there.acknowledged.map(({ envelope_id }) => envelope_id));
    for (let number = 1; number <= 5; number++) {
      if (!known.has(`envelope-${number}`)) there.send("events_api", order(number), { retry_attempt: 1 });
    }
    for (let number = 6; number <= 8; number++) there.send("events_api", order(number));
    await there.acks(8);
    await bot.settle();
    expect(bot.posts()).toBe(8);
  });

  test("is replaced before Slack takes it away, and ends when it has acknowledged what it brought", async () => {
    const storing = Promise.withResolvers<void>();
    await using bot = await startSocket({
      receive: async (event) => {
        await storing.promise;
        return { event: event.id, duplicate: false };
      },
    });
    const { there } = bot;
    const [old] = there.connections;
    const pending = there.send("events_api", order(1));
    there.disconnect(old!, "warning");
    await there.open(2);
    // Nothing can have been missed.
    expect(bot.reconnections()).toBe(0);
    storing.resolve();
    expect(await there.acks(1)).toEqual([{ envelope_id: pending }]);
    await there.open(1);
    expect(there.connections[0]).not.toBe(old);
  });

  test("was lost: the bot is told once there is another, for it may have missed something", async () => {
    await using bot = await startSocket();
    const [old] = bot.there.connections;
    const died = new Promise((resolve) => old?.once("close", resolve));
    expect(bot.reconnections()).toBe(0);
    old?.terminate();
    await died;
    await bot.there.open(1);
    bot.there.send("events_api", order(1));
    await bot.there.acks(1);
    expect(bot.reconnections()).toBe(1);
  });

  test("was lost, and with it a message: it is read back from the conversation's history, and answered", async () => {
    await using there = await createSocketSlack();
    await using bot = await openBot(there, [pizza()]);
    const now = Date.now() / 1000;
    const message = (ago: number, text: string) => {
      const { event, ...envelope } = fixture("message");
      const ts = (now - ago).toFixed(6);
      return { ...envelope, event: { ...(event as Record<string, unknown>), text, ts, event_ts: ts } };
    };
    there.send("events_api", message(30, "good morning"));
    await there.acks(1);
    const { channel: _, ...missed } = message(10, "pizza").event as Record<string, unknown>;
    there.api.on("conversations.history", { ok: true, messages: [{ ...missed, type: "message" }] });
    const [old] = there.connections;
    old?.terminate();
    while (bot.posts() === 0) await new Promise((resolve) => setTimeout(resolve, 2));
    await bot.settle();
    expect(bot.posts()).toBe(1);
  });

  test("is opened anew when Slack asks for it", async () => {
    await using bot = await startSocket();
    const [old] = bot.there.connections;
    const closed = new Promise((resolve) => old?.once("close", resolve));
    bot.there.disconnect(old!, "refresh_requested");
    await closed;
    await bot.there.open(1);
    const envelope_id = bot.there.send("events_api", order(1));
    expect(await bot.there.acks(1)).toEqual([{ envelope_id }]);
  });

  test("is silent for too long: it counts as dead, and another one is opened", async () => {
    const timers = new Set<() => void>();
    const after = (_: number, fn: () => void) => {
      timers.add(fn);
      return () => timers.delete(fn);
    };
    await using there = await createSocketSlack();
    const adapter = slack(credentials(there.api.apiUrl));
    const bot = await startAdapter(slack(credentials(there.api.apiUrl)));
    await bot[Symbol.asyncDispose]();
    await there.open(0);
    await adapter.start({ ...bot.host, clock: { ...systemClock, after } });
    const [old] = there.connections;
    for (const fire of [...timers]) fire();
    await new Promise((resolve) => old?.once("close", resolve));
    await there.open(1);
    expect(there.connections[0]).not.toBe(old);
    await adapter.stop?.();
  });

  test("is not opened in a process that only sends", async () => {
    await using there = await createSocketSlack();
    there.api.on("chat.postMessage", posted);
    const adapter = slack(credentials(there.api.apiUrl));
    const sender = { ...adapter, start: (host: AdapterHost) => adapter.start({ ...host, receives: false }) };
    await using _bot = await startAdapter(sender);
    await adapter.send(to, reply());
    expect(there.api.calls.map(({ method }) => method)).toEqual(["chat.postMessage"]);
  });

  test("ends with the adapter, and none is opened after that", async () => {
    await using there = await createSocketSlack();
    const bot = await startAdapter(slack(credentials(there.api.apiUrl)));
    await bot[Symbol.asyncDispose]();
    await there.open(0);
    expect(there.api.calls).toHaveLength(1);
  });

  test("cannot be opened now: the bot starts, says so, and tries again", async () => {
    await using there = await createSocketSlack();
    const address = (await (
      await fetch(`${there.api.apiUrl}apps.connections.open`, { method: "POST" })
    ).json()) as object;
    there.api.on("apps.connections.open", { ok: false, error: "internal_error" }, address);
    const bot = await startAdapter(slack(credentials(there.api.apiUrl)));
    await there.open(1);
    expect(bot.lines.filter(({ level }) => level === "warn")).toHaveLength(1);
    await bot[Symbol.asyncDispose]();
  });

  test("is refused: the bot does not start, and says which variable to look at", async () => {
    await using fake = await createFakeSlack();
    fake.on("apps.connections.open", { ok: false, error: "invalid_auth" });
    await expect(startAdapter(slack(credentials(fake.apiUrl)))).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringContaining("SLACK_APP_TOKEN"),
    });
  });
});
