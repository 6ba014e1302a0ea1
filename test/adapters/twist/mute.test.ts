import { afterEach, beforeEach, expect, test } from "vitest";
import { listOf } from "../../storage/desk.ts";
import { BOT, refusal } from "./fake-twist.ts";
import { item, now, type StartedTwist, startTwist } from "./started.ts";

let bot: StartedTwist;

beforeEach(async () => {
  bot = await startTwist();
});
afterEach(() => bot[Symbol.asyncDispose]());

const LINK = "https://twist.com/a/1585/ch/140545/t/1335288/";
const mute = (link = LINK, person = "10073") => bot.adapter.mute!(link, { account: "5517", person });
const used = () =>
  bot.api.calls.splice(0).flatMap(({ name, headers }) => (name === "threads/mute" ? [headers.authorization] : []));

test("a thread is muted for a person with their own token", async () => {
  await bot.started.host.vault.set("user/5517/10073", "token-ada");
  bot.api.on("threads/mute", { status: "ok" });
  expect(await mute()).toBe("person");
  expect(bot.api.calls.at(-1)!.json).toMatchObject({ id: 1335288, minutes: expect.any(Number) });
  expect(used()).toEqual(["Bearer token-ada"]);
});

test("without it the adapter's account mutes, which is told from the person's", async () => {
  bot.api.on("threads/mute", { status: "ok" });
  expect(await mute()).toBe("bot");
  expect(await mute(LINK, `${BOT.id}`)).toBe("person");
  expect(used()).toEqual(["Bearer token-1", "Bearer token-1"]);
});

test("a token that the person has taken back is forgotten", async () => {
  const { vault } = bot.started.host;
  await vault.set("user/5517/10073", "token-ada");
  bot.api.on("threads/mute", refusal(403, 200), { status: "ok" });
  expect(await mute()).toBe("bot");
  expect(await vault.get("user/5517/10073")).toBeUndefined();
});

test.each([
  "https://twist.com/a/1585/ch/140545/",
  "https://twist.com/a/1585/msg/140545/",
  "https://twist.com.example.com/a/1585/ch/140545/t/1335288/",
  "https://example.com/a/1/ch/1/t/1/",
  "nonsense",
])("%s is the address of no thread", async (link) => {
  expect(await mute(link)).toBe("no thread");
  expect(used()).toEqual([]);
});

test("a thread that Twist does not know is none; what Twist forbids fails", async () => {
  bot.api.on("threads/mute", refusal(404, 108), refusal(403, 109));
  expect(await mute()).toBe("no thread");
  await expect(mute()).rejects.toMatchObject({ code: "DELIVERY_FAILED", permanent: true });
});

test("a private channel is listed for those who are in it only; one of which that is not known is marked", async () => {
  bot.api.on("channels/get", [
    { id: 1, name: "open", public: true, user_ids: [1] },
    { id: 2, name: "with her", public: false, user_ids: [1, 10073] },
    { id: 3, name: "without her", public: false, user_ids: [1] },
    { id: 4, name: "unknown" },
  ]);
  bot.api.on("threads/get", [item("thread")]);
  const query = { account: "5517", updatedFrom: 0, updatedTo: now };
  const list = async (viewer?: string) =>
    (await listOf(bot.adapter.threads!({ ...query, ...(viewer && { viewer }) }))).map(
      (each) => "title" in each && [each.channel, each.isBotsView === true],
    );
  expect(await list("10073")).toEqual([
    ["open", false],
    ["with her", false],
    ["unknown", true],
  ]);
  expect(await list(`${BOT.id}`)).toHaveLength(4);
  expect(await list()).toHaveLength(4);
});
