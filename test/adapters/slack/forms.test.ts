import { beforeAll, describe, expect, test } from "vitest";
import { fixture } from "./fixture.ts";
import { type Started, secret, signed, startSlack } from "./started.ts";

const FORM = "application/x-www-form-urlencoded";
let bot: Started;

beforeAll(async () => {
  bot = await startSlack({});
});

const post = (body: unknown) => bot.adapter.webhook!(signed(body, secret, FORM));
const command = fixture("slash-command") as Record<string, string>;
const action = fixture("block-actions");
const [button] = action.actions as object[];
const without = (key: string) => Object.fromEntries(Object.entries(command).filter(([name]) => name !== key));
const formOf = (fields: Record<string, string>, ...more: [string, string][]) =>
  new URLSearchParams([...Object.entries(fields), ...more]).toString();
const payloadOf = (payload: unknown) =>
  formOf({ payload: typeof payload === "string" ? payload : JSON.stringify(payload) });

describe("a signed form that Slack would not send gets a short 400 and reaches nobody", () => {
  test.each<[string, unknown]>([
    ["nothing", ""],
    ["no field that counts", "a=b"],
    ["a command without its trigger", formOf(without("trigger_id"))],
    ["a command without its channel", formOf(without("channel_id"))],
    ["a command without its author", formOf(without("user_id"))],
    ["an empty trigger", formOf({ ...command, trigger_id: "" })],
    ["two commands in one", formOf(command, ["command", "/other"])],
    ["two authors", formOf(command, ["user_id", "U0HUMAN02"])],
    ["two texts", formOf(command, ["text", "close 43"])],
    ["two response_urls", formOf(command, ["response_url", "https://evil.example"])],
    ["bytes that are no UTF-8", Buffer.concat([Buffer.from(formOf(command)), Buffer.from([0xff, 0xfe])])],
    ["an empty payload", payloadOf("")],
    ["a payload that is no JSON", payloadOf("{")],
    ["a payload that is a list", payloadOf([action])],
    ["a payload that is null", payloadOf("null")],
    ["two payloads", `${payloadOf(action)}&${payloadOf(action)}`],
    [
      "a payload with 100,000 levels",
      payloadOf(`{"type":"block_actions","actions":${"[".repeat(1e5)}${"]".repeat(1e5)}}`),
    ],
    ["a payload without a type", payloadOf({ actions: [] })],
    ["a button without actions", payloadOf({ ...action, actions: [] })],
    ["actions that hold a text", payloadOf({ ...action, actions: ["approve"] })],
    ["a button without an id", payloadOf({ ...action, actions: [{ ...button, action_id: 7 }] })],
    ["a button without a time", payloadOf({ ...action, actions: [{ ...button, action_ts: null }] })],
    ["a button of nobody", payloadOf({ ...action, user: null })],
    ["a button of a list", payloadOf({ ...action, user: { id: ["U1"] } })],
    ["a button in a channel without id", payloadOf({ ...action, channel: {} })],
    ["a button without its trigger", payloadOf({ ...action, trigger_id: undefined })],
    ["a response_url that is an object", payloadOf({ ...action, response_url: {} })],
    ["a container that is a text", payloadOf({ ...action, container: "message" })],
  ])("%s", async (_, body) => {
    const before = bot.events.length;
    const answer = await post(body);
    expect(answer.status).toBe(400);
    expect(JSON.parse(String(answer.body))).toMatchObject({ error: { code: "WEBHOOK_INVALID" } });
    expect(String(answer.body).length).toBeLessThan(300);
    expect(answer.body).not.toContain("evil");
    expect(bot.events.length).toBe(before);
  });
});

describe("a form that is only odd", () => {
  test("is taken with fields that nobody knows", async () => {
    expect((await post(formOf({ ...command, new_field: "x", __proto__x: "y" }))).status).toBe(200);
    expect((await post(payloadOf({ ...action, new_field: { x: 1 } }))).status).toBe(200);
  });

  test("may name everything __proto__ without touching anything", async () => {
    const odd = formOf({ ...command, user_id: "__proto__", channel_id: "constructor" }, ["__proto__", "polluted"]);
    expect((await post(odd)).status).toBe(200);
    expect(bot.events.at(-1)).toMatchObject({ author: { id: "__proto__" }, conversation: { id: "constructor" } });
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  test("may have a text of any length and any script, or none", async () => {
    const text = `${"long ".repeat(50_000)}漢字 🍕 + % & = \u0000`;
    expect((await post(formOf({ ...command, text }))).status).toBe(200);
    expect(bot.events.at(-1)).toMatchObject({ kind: "command", text });
    expect((await post(formOf(without("text")))).status).toBe(200);
    expect(bot.events.at(-1)).toMatchObject({ text: "" });
  });

  test("has no answer address when Slack gives none", async () => {
    await post(formOf(without("response_url")));
    expect(bot.events.at(-1)).not.toHaveProperty("replyTo");
  });

  test.each(["block_suggestion", "shortcut", "workflow_step_edit", "interactive_message"])(
    "of the unknown kind %s is taken and counted",
    async (type) => {
      const before = [bot.events.length, bot.ignored()];
      expect(await post(payloadOf({ ...action, type }))).toEqual({ status: 200 });
      expect([bot.events.length, bot.ignored() - 1]).toEqual(before);
    },
  );

  test("of a button in a modal is taken and counted, for there is nowhere to answer", async () => {
    const ignored = bot.ignored();
    expect(await post(payloadOf({ ...action, channel: undefined }))).toEqual({ status: 200 });
    expect(bot.ignored()).toBe(ignored + 1);
  });
});

test("a form that cannot be stored is answered with 503", async () => {
  const full = await startSlack({}, async () => {
    throw new Error("disk full");
  });
  for (const body of [formOf(command), payloadOf(action)]) {
    const { status } = await full.adapter.webhook!(signed(body, secret, FORM));
    expect(status).toBe(503);
  }
});

test("neither a command's text nor its response_url is logged", () => {
  const logged = JSON.stringify(bot.lines);
  for (const text of ["open 42", "hooks.slack.com", "漢字"]) expect(logged).not.toContain(text);
});
