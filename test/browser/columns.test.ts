import type { Page } from "playwright-core";
import { test } from "vitest";
import { invented } from "../sandbox/invented.ts";
import { box, column, open, openStage, say, texts } from "./stage.ts";

const PHONE = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };

const openFive = () =>
  openStage({
    adapters: () => [],
    platforms: ["one", "two", "three", "four", "five"].map((name) => invented(name, name)),
  });

const tab = (page: Page, name: string) => page.getByRole("navigation").getByRole("link", { name });

/** The names of the columns that are at least half in view. */
const inView = (page: Page) =>
  page.evaluate<string[]>(`[...document.querySelectorAll(".column")].filter((column) => {
    const { left, right, width } = column.getBoundingClientRect();
    return width > 0 && Math.min(right, innerWidth) - Math.max(left, 0) > width / 2;
  }).map((column) => column.dataset.platform)`);

const widthOf = async (page: Page, platform: string) => (await column(page, platform).boundingBox())!.width;

test("on a wide screen five platforms stand side by side", async ({ expect }) => {
  await using stage = await openFive();
  const page = await stage.visit({ viewport: { width: 1600, height: 900 } });
  expect(await inView(page)).toEqual(["one", "two", "three", "four", "five"]);
  const widths = await Promise.all(["one", "five"].map((name) => widthOf(page, name)));
  expect(widths[0]).toBe(widths[1]);
  await page.getByRole("heading", { name: "The road of the last message" }).waitFor();
});

test("a column is widened by its link and by the address, and keeps its conversation there", async ({ expect }) => {
  await using stage = await openFive();
  const page = await stage.visit({ viewport: { width: 1600, height: 900 } });
  await column(page, "three").getByRole("link", { name: "Widen three" }).click();
  await expect.poll(() => widthOf(page, "three")).toBeGreaterThan(700);
  await open(page, "attic", "three");
  expect(new URL(page.url()).hash).toBe("#three/attic");
  await page.reload();
  await column(page, "three").getByRole("heading", { name: "Say something in attic." }).waitFor();
  expect(await widthOf(page, "three")).toBeGreaterThan(700);
  expect(await inView(page)).toContain("three");
  await tab(page, "Side by side").click();
  await expect.poll(() => widthOf(page, "three")).toBeLessThan(400);
  // What is wider is reached from above, ready to type.
  await tab(page, "five").click();
  await expect.poll(() => box(page, "five").and(page.locator(":focus")).count()).toBe(1);
});

test("on a laptop the columns slide, and what is said out of view is counted", async ({ expect }) => {
  await using stage = await openFive();
  const page = await stage.visit({ viewport: { width: 1280, height: 800 } });
  expect(await inView(page)).toEqual(["one", "two", "three"]);
  await stage.say("hello", "five");
  await expect.poll(() => tab(page, "five").textContent()).toBe("five1 new");
  await stage.say("hello", "two");
  await expect.poll(() => texts(page, "two")).toEqual(["hello"]);
  expect(await tab(page, "two").textContent()).toBe("two");
  await tab(page, "five").click();
  await expect.poll(() => tab(page, "five").textContent()).toBe("five");
  await expect.poll(() => inView(page)).toContain("five");
});

test("on a phone one platform is shown, the tabs below lead to the others and count what is new", async ({
  expect,
}) => {
  await using stage = await openFive();
  const page = await stage.visit(PHONE);
  expect(await inView(page)).toEqual(["one"]);
  const bar = (await page.getByRole("navigation").boundingBox())!;
  expect(bar.y + bar.height).toBe(740);
  await stage.say("anybody?", "two");
  await expect.poll(() => tab(page, "two").textContent()).toBe("two1 new");
  await tab(page, "two").tap();
  await expect.poll(() => inView(page)).toEqual(["two"]);
  await expect.poll(() => tab(page, "two").textContent()).toBe("two");
  expect(await tab(page, "two").getAttribute("aria-current")).toBe("page");
  await say(page, "yes, me", "two");
  await expect.poll(() => texts(page, "two")).toEqual(["anybody?", "yes, me"]);

  await tab(page, "Road").tap();
  await page.getByRole("button", { name: "Deliver twice" }).tap();
  await page.getByRole("button", { name: "Deliver twice armed" }).waitFor();
  expect(await page.getByRole("combobox", { name: "On which platform" }).inputValue()).toBe("two");
  await page.goBack();
  await column(page, "two").getByText("a fault is armed").waitFor();
});

test("the answers of all columns are read out in one place", async ({ expect }) => {
  await using stage = await openFive();
  const page = await stage.visit();
  await say(page, "/weather", "one");
  await say(page, "/weather", "four");
  const log = page.getByRole("log", { name: "What the bot says" });
  await expect
    .poll(() => log.getByRole("listitem").allInnerTexts())
    .toEqual(["robot on one: ada ran weather with nothing", "robot on four: ada ran weather with nothing"]);
});

test("three hundred messages in each of five columns leave the page quick", async ({ expect }) => {
  await using stage = await openFive();
  for (const name of ["one", "two", "three", "four", "five"]) {
    for (let i = 0; i < 300; i += 1) await stage.say(`message ${i}`, name);
  }
  const page = await stage.visit({ viewport: { width: 1600, height: 900 } });
  await column(page, "five").getByText("message 299", { exact: true }).waitFor();
  await say(page, "one more", "one");
  await column(page, "one").getByText("one more", { exact: true }).waitFor();
  // The oldest make room; what a person reads is the end.
  expect(await column(page, "one").getByRole("article").count()).toBe(300);
  const isAtEnd =
    "(() => { const s = document.querySelector('.scroll'); return s.scrollHeight - s.scrollTop - s.clientHeight < 2; })()";
  expect(await page.evaluate<boolean>(isAtEnd)).toBe(true);
});
