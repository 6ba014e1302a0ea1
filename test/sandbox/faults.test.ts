import { expect, test, vi } from "vitest";
import { openStage } from "./stage.ts";

const post = { channel: "general", text: "said once" };

test("429 says when to come back, the given number of times", async () => {
  await using stage = await openStage();
  await stage.control("/slack/faults", { on: "chat.postMessage", kind: "429", times: 2, retryAfter: 7 });
  for (let i = 0; i < 2; i++) {
    const response = await stage.callApi("chat.postMessage", post);
    expect(response.status).toBe(429);
    expect(response.headers.get("retry-after")).toBe("7");
    expect(await response.json()).toEqual({ ok: false, error: "ratelimited" });
  }
  expect(await stage.api("chat.postMessage", post)).toMatchObject({ ok: true });
  expect(await stage.messages()).toHaveLength(1);
});

test("500 does nothing, and only to the method it is set on", async () => {
  await using stage = await openStage();
  await stage.control("/slack/faults", { on: "chat.postMessage", kind: "500" });
  expect(await stage.api("auth.test")).toMatchObject({ ok: true });
  expect((await stage.callApi("chat.postMessage", post)).status).toBe(500);
  expect(await stage.messages()).toEqual([]);
});

test("a lost answer: the post is there, and the connection breaks", async () => {
  await using stage = await openStage();
  await stage.control("/slack/faults", { on: "*", kind: "lost-answer" });
  await expect(stage.callApi("chat.postMessage", post)).rejects.toThrow("fetch failed");
  expect(await stage.messages()).toMatchObject([{ text: "said once" }]);
});

test("a lost answer breaks a bare fetch too", async () => {
  await using stage = await openStage();
  await stage.control("/slack/faults", { on: "*", kind: "lost-answer" });
  const response = await stage.sandbox.fetch(
    new Request(`${stage.base}/sandbox/slack/api/api.test`, { method: "POST" }),
  );
  await expect(response.text()).rejects.toThrow("broke the connection");
});

test("a timeout never answers and does nothing", async () => {
  await using stage = await openStage();
  await stage.control("/slack/faults", { on: "chat.postMessage", kind: "timeout" });
  const signal = AbortSignal.timeout(100);
  await expect(stage.callApi("chat.postMessage", post, { signal })).rejects.toThrow("timeout");
  expect(await stage.messages()).toEqual([]);
});

test("a duplicate is the same event twice", async () => {
  await using stage = await openStage();
  await stage.control("/slack/faults", { on: "events", kind: "duplicate" });
  await stage.say("hello");
  await stage.say("bye");
  const requests = await stage.bot.gets(3);
  expect(requests.map(({ json }) => json.event.text)).toEqual(["hello", "hello", "bye"]);
  expect(requests[0]!.json.event_id).toBe(requests[1]!.json.event_id);
});

test("reorder delivers an event after the next one", async () => {
  await using stage = await openStage();
  await stage.control("/slack/faults", { on: "events", kind: "reorder" });
  await stage.say("first");
  await stage.say("second");
  const requests = await stage.bot.gets(2);
  expect(requests.map(({ json }) => json.event.text)).toEqual(["second", "first"]);
});

test("a lost acknowledgement and an event lost on its way are retried as http_timeout", async () => {
  await using stage = await openStage();
  await stage.control("/slack/faults", { on: "events", kind: "lost-answer" });
  await stage.control("/slack/faults", { on: "events", kind: "timeout" });
  await stage.say("hello");
  const [first, retry] = await stage.bot.gets(2);
  expect(first!.json.event_id).toBe(retry!.json.event_id);
  expect(retry!.headers["x-slack-retry-reason"]).toBe("http_timeout");

  await stage.say("bye");
  const [, , only] = await stage.bot.gets(3);
  expect(only!.headers).toMatchObject({ "x-slack-retry-num": "1", "x-slack-retry-reason": "http_timeout" });
  await vi.waitFor(async () => expect(await stage.deliveries("?pending=1")).toEqual([]));
});

test("faults are listed, taken back, and refused with what is known", async () => {
  await using stage = await openStage();
  await stage.control("/slack/faults", { on: "*", kind: "500", times: 3 });
  expect(await (await stage.control("/slack/faults")).json()).toMatchObject([{ on: "*", kind: "500", times: 3 }]);
  await stage.control("/slack/faults", undefined, { method: "DELETE" });
  expect(await stage.api("auth.test")).toMatchObject({ ok: true });

  const method = await stage.control("/slack/faults", { on: "chat.postMesage", kind: "500" });
  expect(method.status).toBe(400);
  expect(await method.json()).toMatchObject({
    error: { code: "SANDBOX_INPUT", message: expect.stringContaining("did you mean `chat.postMessage`?") },
  });
  const kind = await stage.control("/slack/faults", { on: "events", kind: "429" });
  expect(kind.status).toBe(400);
  expect(await kind.json()).toMatchObject({
    error: { message: expect.stringContaining("Known: duplicate, reorder, timeout, lost-answer") },
  });
});
