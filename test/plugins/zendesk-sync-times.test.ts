import { describe, expect, test } from "vitest";
import { createBot } from "../../src/core/index.ts";
import { isOutOfHours, officeHours } from "../../src/plugins/zendesk-sync/hours.ts";
import { zendeskSync } from "../../src/plugins/zendesk-sync/index.ts";
import { renderReport, renderStats } from "../../src/plugins/zendesk-sync/report.ts";
import { texts } from "../../src/plugins/zendesk-sync/texts.ts";
import { memory } from "../../src/storage/memory/index.ts";
import { createTestAdapter, type TestWorld } from "../../src/testing/adapter.ts";
import { createFakeClock } from "../../src/testing/clock.ts";
import { testBot } from "../../src/testing/index.ts";
import { openDesk } from "../sandbox/zendesk-stage.ts";

const TEXTS = texts.parse({});
const HOUR = 3_600_000;

describe("office hours", () => {
  const outside = (at: string, hours: object = {}) => isOutOfHours(Date.parse(at), officeHours.parse(hours));

  test("have both ends inside, and no weekend", () => {
    expect(["08:59", "09:00", "17:00", "17:01"].map((time) => outside(`2026-11-18T${time}:00Z`))).toEqual([
      true,
      false,
      false,
      true,
    ]);
    expect(outside("2026-11-18T17:00:59.900Z")).toBe(false);
    expect(outside("2026-11-21T12:00:00Z")).toBe(true);
  });

  test("know their zone, its summer time, and days off", () => {
    const paris = { timeZone: "Europe/Paris", holidays: ["2026-12-25"] };
    expect(outside("2026-07-01T07:00:00Z", paris)).toBe(false);
    expect(outside("2026-01-14T07:59:00Z", paris)).toBe(true);
    expect(outside("2026-01-14T08:00:00Z", paris)).toBe(false);
    expect(outside("2026-12-25T12:00:00Z", paris)).toBe(true);
    expect(outside("2026-12-24T12:00:00Z", paris)).toBe(false);
  });

  test("are said out of hours only, and never without a record of them", async () => {
    await using zendesk = await openDesk();
    const hours = { begin: "09:00", end: "17:00" };
    const options = { ...zendesk.credentials, report: null };
    await using bot = await testBot(zendeskSync({ ...options, hours, texts: { outOfHours: "We sleep." } }));
    // The test's clock stands at midnight of a Thursday.
    expect(await bot.says("hi")).toEqual([expect.stringContaining("request"), "We sleep."]);
    await bot.advance("9h");
    expect(await bot.says("hi")).toEqual([expect.stringContaining("request")]);
    await using never = await testBot(zendeskSync(options));
    expect(await never.says("hi")).toEqual([expect.stringContaining("request")]);
  });
});

describe("the daily report", () => {
  const now = Date.parse("2026-11-18T09:00:00Z");
  const entry = (ticket: string, openedAt: number, resolvedAt?: number, repliedAt?: number) => ({
    ticket,
    openedAt: now - openedAt * HOUR,
    resolvedAt: resolvedAt === undefined ? undefined : now - resolvedAt * HOUR,
    repliedAt: repliedAt === undefined ? undefined : now - repliedAt * HOUR,
  });
  const ledger = [
    entry("1", 200),
    entry("2", 50, 10),
    entry("3", 50, 33),
    entry("4", 50, 34),
    entry("5", 2),
    entry("6", 50, 8),
    entry("7", 30),
    entry("8", 20),
  ];

  test("counts what was closed yesterday by UTC, and lists what is open, the newest first", () => {
    const links = ["5", "8", "7", "1"].map((ticket) => `- https://x/${ticket}`).join("\n");
    expect(renderReport(TEXTS, ledger, { now, urlOf: (ticket) => `https://x/${ticket}` })).toBe(
      `📊 Daily WebOps SRE Issue Report\n\nClosed 🤘: 2\n\nUnresolved 🔥: 4\n${links}\n\nCheers,\n\n🤖 ZenSlackChat`,
    );
  });

  test("has one empty line where nothing is open", () => {
    expect(renderReport(TEXTS, [], { now, urlOf: String })).toBe(
      "📊 Daily WebOps SRE Issue Report\n\nClosed 🤘: 0\n\nUnresolved 🔥: 0\n\n\nCheers,\n\n🤖 ZenSlackChat",
    );
  });

  test("and the numbers of a week are medians", () => {
    const week = [entry("1", 10, 4, 9), entry("2", 10, 6, 7), entry("3", 10, 8, 8), entry("4", 900)];
    expect(renderStats(TEXTS, week, now)).toBe(
      "Open: 1\nOpened this week: 3, closed: 3\nMedian time to the first reply: 2 h 0 min\nMedian time to close: 4 h 0 min",
    );
    expect(renderStats(TEXTS, [], now)).toContain("first reply: none yet");
  });

  test("comes at nine in London on weekdays, in winter and in summer", async () => {
    await using zendesk = await openDesk();
    await using bot = await testBot(zendeskSync(zendesk.credentials));
    await bot.says("one");
    await bot.says("two");
    const [first] = bot.sent;
    const ticket = Number(/(\d+)\.$/.exec(first?.text ?? "")?.[1]);
    await bot.says("done", { thread: "message-2" });
    expect(await bot.advance("8h")).toEqual([]);
    expect(await bot.advance("1h")).toEqual([expect.stringContaining("Closed 🤘: 0\n\nUnresolved 🔥: 1\n")]);
    expect(bot.sent.at(-1)?.conversation).toEqual({ adapter: "test", id: "general", isDirect: false });
    const [friday] = await bot.advance("1d");
    expect(friday).toContain(`Closed 🤘: 1\n\nUnresolved 🔥: 1\n\\- ${zendesk.credentials.ticketUrl}/${ticket}\n`);
    expect(await bot.advance("2d")).toEqual([]);
    expect(await bot.advance("1d")).toHaveLength(1);
  });

  test("tells of two closed yesterday and of four open, the newest first", async () => {
    await using zendesk = await openDesk();
    await using bot = await testBot(zendeskSync(zendesk.credentials));
    const links: string[] = [];
    for (const text of ["one", "two", "three", "four", "five", "six"]) {
      const [hello = ""] = await bot.says(text);
      links.push(/https?:\S+(?=\.$)/.exec(hello)?.[0] ?? "");
      await bot.advance("1m");
    }
    for (const thread of ["message-2", "message-5"]) await bot.says("done", { thread });
    const morning = await bot.advance("9h");
    expect(morning).toHaveLength(1);
    const [report = ""] = await bot.advance("1d");
    expect(report).toContain("Closed 🤘: 2\n\nUnresolved 🔥: 4\n");
    expect(report.match(/https?:\S+/g)).toEqual([links[5], links[3], links[2], links[0]]);
  });

  test.each([
    ["forward", "2026-03-27T12:00:00Z", "2026-03-30T08:00:00Z"],
    ["back", "2026-10-23T12:00:00Z", "2026-10-26T09:00:00Z"],
  ])(
    "comes at nine in London on the Monday after its clocks have gone %s, and not on that weekend",
    async (_, friday, monday) => {
      await using zendesk = await openDesk();
      const world: TestWorld = { posts: [], reactions: [] };
      const adapter = createTestAdapter("test", world, []);
      const clock = createFakeClock(Date.parse(friday));
      const plugins = [zendeskSync(zendesk.credentials)];
      const bot = createBot({ name: "moe", storage: memory(), adapters: [adapter], plugins }, { clock });
      await bot.start();
      await adapter.host.receive({
        kind: "message",
        id: "1",
        conversation: { adapter: "test", id: "general", thread: "1", isDirect: false },
        author: { id: "ada", name: "Ada", isBot: false },
        text: "hi",
        isMention: false,
        attachments: [],
        sentAt: new Date(clock.now()).toISOString(),
      });
      const posts = (count: number) => expect.poll(() => world.posts.length).toBe(count);
      await posts(1);
      const until = Date.parse(monday);
      while (clock.step(until - 1));
      await posts(1);
      while (clock.step(until));
      await posts(2);
      expect(world.posts[1]?.text).toContain("Unresolved 🔥: 1");
      await bot.stop();
    },
  );

  test("comes at once when it is asked for", async () => {
    await using zendesk = await openDesk();
    await using bot = await testBot(zendeskSync(zendesk.credentials));
    const said = await bot.says("@bot report");
    expect(said.toSorted()).toEqual(["Daily report scheduled.", expect.stringContaining("📊 Daily WebOps")].toSorted());
    expect((await zendesk.overview()).conversations).toHaveLength(1);
  });
});
