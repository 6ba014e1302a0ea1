import type { Page } from "playwright-core";
import { describe, type ExpectStatic, test } from "vitest";
import { definePlugin } from "../../src/core/index.ts";
import { ANSWER, answers, column, open, openStage, say, stations } from "./stage.ts";

async function arm(page: Page, label: string): Promise<void> {
  await page.getByRole("button", { name: label }).click();
  await page.getByRole("button", { name: `${label} armed` }).waitFor();
}

/** Arms a fault, asks for pizza, waits until all is over. */
async function breakAndAsk(label: string, expect: ExpectStatic) {
  await using stage = await openStage();
  const page = await stage.visit();
  await arm(page, label);
  const promise = await page.locator("#fault-says").textContent();
  await say(page, "where is my pizza?");
  await expect.poll(() => stations(page)).toContain("done");
  await stage.settles();
  // From the sandbox, not only from the page: what was said twice must not hide there either.
  const said = (await stage.messages()).filter(({ self }) => self).map(({ text }) => text);
  expect(said).toEqual([ANSWER]);
  await expect.poll(() => answers(page)).toEqual([ANSWER]);
  expect(await page.getByRole("button", { name: `${label} armed` }).count()).toBe(0);
  const [event] = await stage.deliveries();
  return {
    promise,
    road: await stations(page),
    verdict: await page.locator("#road-verdict").textContent(),
    tries: event!.attempts.map(({ status, error }) => status ?? error),
  };
}

describe("a reply in trouble is said once", () => {
  test("too many: it waits as long as it is told, and uses no attempt", async ({ expect }) => {
    const { promise, road } = await breakAndAsk("Too many", expect);
    expect(road).toEqual(["received", "stored", "acknowledged", "running", "sent", "done"]);
    expect(promise).toContain("uses no attempt");
  });

  test("server error: it looks, finds nothing and says it again", async ({ expect }) => {
    const { promise, road } = await breakAndAsk("Server error", expect);
    expect(road).toEqual(["received", "stored", "acknowledged", "running", "retrying", "running", "sent", "done"]);
    expect(promise).toContain("looks before it says it again");
  });

  test("lost answer: it finds what it has said and does not say it again", async ({ expect }) => {
    const { promise, road, verdict } = await breakAndAsk("Lost answer", expect);
    expect(road).toEqual(["received", "stored", "acknowledged", "running", "retrying", "running", "found", "done"]);
    expect(verdict).toContain("A post in doubt was found, and not said twice.");
    expect(promise).toContain("does not say it twice");
  });
});

describe("an event in trouble is answered once", () => {
  test("deliver twice: the second one is known and dropped", async ({ expect }) => {
    const { promise, road, verdict, tries } = await breakAndAsk("Deliver twice", expect);
    expect(tries).toEqual([200, 200]);
    expect(road.filter((stage) => ["stored", "running", "duplicate"].includes(stage)).sort()).toEqual([
      "duplicate",
      "running",
      "stored",
    ]);
    expect(verdict).toContain("Told of it 2 times, handled once");
    expect(promise).toContain("One answer.");
  });

  test("lost acknowledgement: it is sent again, stored once and handled once", async ({ expect }) => {
    const { promise, verdict, tries } = await breakAndAsk("Lost acknowledgement", expect);
    expect(tries).toEqual(["timeout", 200]);
    expect(verdict).toContain("Told of it 2 times, handled once");
    expect(promise).toContain("Stored once, handled once.");
  });
});

const echo = definePlugin({
  name: "echo",
  setup(bot) {
    bot.hears(/./, (ctx) => ctx.reply(`Echo: ${ctx.message.text}`));
  },
});

test("out of order: two threads are both answered", async ({ expect }) => {
  await using stage = await openStage({ plugins: [echo()] });
  const page = await stage.visit();
  await arm(page, "Out of order");
  expect(await page.locator("#fault-says").textContent()).toContain("until another has overtaken it");
  await say(page, "one");
  await expect.poll(() => page.getByRole("button", { name: "Out of order armed" }).count()).toBe(0);
  await say(page, "two");
  await expect
    .poll(() => column(page).locator(".messages > li .text").allInnerTexts())
    .toEqual(["one", "Echo: one", "two", "Echo: two"]);
  await stage.settles();
  expect(await answers(page)).toHaveLength(2);
});

test("out of order: one conversation is answered in the order of arrival", async ({ expect }) => {
  await using stage = await openStage({ plugins: [echo()] });
  const page = await stage.visit();
  await open(page, "ada & hobnob");
  await arm(page, "Out of order");
  await say(page, "one");
  await expect.poll(() => page.getByRole("button", { name: "Out of order armed" }).count()).toBe(0);
  await say(page, "two");
  await expect.poll(() => answers(page)).toEqual(["Echo: two", "Echo: one"]);
  await stage.settles();
  expect(await answers(page)).toHaveLength(2);
});

test("all faults are mended at once", async ({ expect }) => {
  await using stage = await openStage();
  const page = await stage.visit();
  await arm(page, "Lost answer");
  await arm(page, "Deliver twice");
  await page.getByRole("button", { name: "Deliver twice" }).click();
  await page.getByText("armed ×2").waitFor();
  await page.getByRole("button", { name: "Mend all" }).click();
  await expect.poll(() => page.locator(".fault.armed").count()).toBe(0);
  await say(page, "pizza");
  await expect.poll(() => stations(page)).toEqual(["received", "stored", "acknowledged", "running", "sent", "done"]);
});
