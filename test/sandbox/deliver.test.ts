import { expect, test, vi } from "vitest";
import { signature } from "../../src/sandbox/slack/signature.ts";
import { openBot, openStage } from "./stage.ts";

const reach = (reachable: boolean) => {
  const apps = [expect.objectContaining({ reachable })];
  return { platforms: expect.arrayContaining([expect.objectContaining({ platform: "slack", apps })]) };
};

test("a 500 is retried with the same event id, freshly signed, until a 2xx", async () => {
  await using stage = await openStage();
  stage.bot.answers.push({ status: 500 }, { status: 503 });
  await stage.say("hello");

  const requests = await stage.bot.gets(3);
  expect(requests.map(({ headers }) => headers["x-slack-retry-num"])).toEqual([undefined, "1", "2"]);
  expect(requests.map(({ headers }) => headers["x-slack-retry-reason"])).toEqual([
    undefined,
    "http_error",
    "http_error",
  ]);
  expect(new Set(requests.map(({ json }) => json.event_id)).size).toBe(1);
  for (const { headers, body } of requests) {
    const timestamp = String(headers["x-slack-request-timestamp"]);
    expect(headers["x-slack-signature"]).toBe(signature({ secret: stage.credentials.signingSecret!, timestamp, body }));
  }
  await vi.waitFor(async () => expect(await stage.deliveries("?pending=1")).toEqual([]));
  expect(await stage.deliveries()).toMatchObject([
    { type: "message", acknowledged: true, attempts: [{ status: 500 }, { status: 503 }, { status: 200 }] },
  ]);
});

test("retries end with the last delay", async () => {
  await using stage = await openStage({ retryDelays: [0, 0] });
  stage.bot.answers.push({ status: 500 }, { status: 500 }, { status: 500 });
  await stage.say("hello");
  await vi.waitFor(async () =>
    expect(await stage.deliveries()).toMatchObject([{ acknowledged: false, pending: false, attempts: [{}, {}, {}] }]),
  );
  expect(stage.bot.received).toHaveLength(3);
});

test("a refused connection is retried as connection_failed and the page hears of it", async () => {
  const gone = await openBot();
  await gone.close();
  await using stage = await openStage({ webhook: `${gone.url}/slack/events`, retryDelays: [200] });
  await stage.say("anyone?");
  await vi.waitFor(async () =>
    expect(await stage.deliveries()).toMatchObject([{ attempts: [{ error: "connection" }] }]),
  );
  expect(await (await stage.control("")).json()).toMatchObject(reach(false));

  stage.sandbox.connect({ platform: "slack", name: "slack", webhook: `${stage.bot.url}/slack/events` });
  await stage.say("now?");
  await stage.bot.gets(1);
  await vi.waitFor(async () => expect(await (await stage.control("")).json()).toMatchObject(reach(true)));
});

test("the retry after a refused connection says why", async () => {
  await using stage = await openStage({ retryDelays: [0, 30, 30, 30, 30] });
  const { port } = new URL(stage.bot.url);
  await stage.bot.close();
  await stage.say("hello");
  await vi.waitFor(async () => expect((await stage.deliveries())[0]?.attempts.length).toBeGreaterThan(0));
  const again = await openBot(Number(port));
  const [request] = await again.gets(1);
  expect(request!.headers["x-slack-retry-reason"]).toBe("connection_failed");
  await again.close();
});

test("X-Slack-No-Retry stops the retries and a redirect is not followed", async () => {
  await using stage = await openStage();
  stage.bot.answers.push({ status: 500, headers: { "x-slack-no-retry": "1" } });
  await stage.say("once");
  await vi.waitFor(async () =>
    expect(await stage.deliveries()).toMatchObject([{ pending: false, attempts: [{ status: 500 }] }]),
  );

  stage.bot.answers.push({ status: 302, headers: { location: stage.bot.url, "x-slack-no-retry": "1" } });
  await stage.say("twice");
  await vi.waitFor(async () => expect((await stage.deliveries())[1]).toMatchObject({ attempts: [{ status: 302 }] }));
  expect(stage.bot.received).toHaveLength(2);
});

test("a redelivery has the same event id", async () => {
  await using stage = await openStage();
  const id = await stage.say("hello");
  const [first] = await stage.bot.gets(1);
  await stage.control("/slack/redeliver", { id });
  await stage.control("/slack/redeliver", { eventId: first!.json.event_id });
  const requests = await stage.bot.gets(3);
  expect(new Set(requests.map(({ body }) => body)).size).toBe(1);
});

test("two thousand events arrive and are all acknowledged", async () => {
  await using stage = await openStage();
  for (let i = 0; i < 2000; i++) {
    await stage.sandbox.fetch(
      new Request(`${stage.base}/sandbox/slack/say`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ text: `message ${i}` }),
      }),
    );
  }
  const requests = await stage.bot.gets(2000);
  expect(new Set(requests.map(({ json }) => json.event.text)).size).toBe(2000);
  await vi.waitFor(async () => expect(await stage.deliveries("?pending=1")).toEqual([]));
  expect((await stage.deliveries()).every(({ acknowledged }) => acknowledged)).toBe(true);
});
