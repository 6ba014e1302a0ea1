import { expect, test } from "vitest";
import { openStage } from "./stage.ts";

const refusals: readonly (readonly [path: string, body: unknown, says: string])[] = [
  ["say", { text: "" }, "say something"],
  ["say", { text: 7 }, "`text`"],
  ["say", { text: "x", usr: "ada" }, "usr"],
  ["say", { text: "x", conversation: "genral" }, "did you mean `general`?"],
  ["say", { text: "x", thread: "1.2" }, "no message `1.2`"],
  ["say", { text: "x", files: [{ name: "a", mimeType: "png" }] }, "files.0.mimeType"],
  ["say", "{not json", "not JSON"],
  ["say", [], "object"],
  ["edit", { id: "1.2", text: "x", conversation: "general" }, "no message `1.2`"],
  ["edit", { text: "x" }, "`id`"],
  ["delete", { id: "1.2", conversation: "general" }, "no message `1.2`"],
  ["react", { id: "1.2", name: ":tada:", conversation: "general" }, "without colons"],
  ["redeliver", {}, "either `id`"],
  ["redeliver", { eventId: "Ev1" }, "No event `Ev1`"],
  ["faults", { on: "events", kind: "duplicate", times: 0 }, "`times`"],
];

test.each(refusals)("%s refuses %j and says why", async (path, body, says) => {
  await using stage = await openStage();
  const response = await stage.control(`/slack/${path}`, body);
  expect(response.status).toBe(400);
  const { error } = (await response.json()) as { error: { code: string; message: string } };
  expect(error.code).toBe("SANDBOX_INPUT");
  expect(error.message).toContain(says);
});

test("an unknown conversation, platform or path is named", async () => {
  await using stage = await openStage();
  expect((await stage.control("/slack/messages?conversation=nowhere")).status).toBe(400);
  const platform = await stage.control("/irc/say", { text: "x" });
  expect(platform.status).toBe(404);
  expect(await platform.json()).toMatchObject({ error: { message: expect.stringContaining("Known: slack") } });
  expect((await stage.control("/slack/sing", {})).status).toBe(404);
});

test("a foreign page, a plain form and a huge body are refused", async () => {
  await using stage = await openStage();
  const body = { text: "evil" };
  const say = (headers: Record<string, string>) => stage.control("/slack/say", body, { headers });
  const json = { "content-type": "application/json" };
  expect((await say({ ...json, origin: "https://evil.example" })).status).toBe(403);
  expect((await say({ ...json, origin: "null" })).status).toBe(403);
  expect((await say({ "content-type": "text/plain" })).status).toBe(415);
  const reset = await stage.control("/reset", {}, { headers: { ...json, origin: "https://evil.example" } });
  expect(reset.status).toBe(403);
  const del = { method: "DELETE", headers: { origin: "https://evil.example" } };
  expect((await stage.control("/slack/faults", undefined, del)).status).toBe(403);
  expect((await stage.control("/slack/say", { text: "x".repeat(1_000_001) })).status).toBe(413);
  expect(await stage.messages()).toEqual([]);
  expect((await say({ ...json, origin: stage.base })).status).toBe(200);
});

test("reset brings everything back to the start and leaves the bot connected", async () => {
  await using stage = await openStage();
  const before = await stage.say({ text: "hello", user: "zoe" });
  await stage.bot.gets(1);
  await stage.control("/slack/faults", { on: "*", kind: "500" });
  await stage.control("/reset", {});

  expect(await stage.messages()).toEqual([]);
  expect(await stage.deliveries()).toEqual([]);
  const { platforms } = (await (await stage.control("")).json()) as { platforms: { people: string[]; faults: [] }[] };
  expect(platforms[0]).toMatchObject({ people: ["ada", "grace", "linus"], faults: [] });
  expect(await stage.api("auth.test")).toMatchObject({ ok: true });
  expect((await stage.say("again")) > before).toBe(true);
  await stage.bot.gets(2);
});

test("reset stops the retries that were to come", async () => {
  await using stage = await openStage({ retryDelays: [30] });
  stage.bot.answers.push({ status: 500 }, { status: 500 });
  await stage.say("never again");
  await stage.bot.gets(1);
  await stage.control("/reset", {});
  await stage.say("fresh");
  // The retry of the second event is due after that of the first would have been.
  const requests = await stage.bot.gets(3);
  expect(requests.map(({ json }) => json.event.text)).toEqual(["never again", "fresh", "fresh"]);
});
