import type { Page } from "playwright-core";
import { test } from "vitest";
import { ANSWER, answers, box, column, open, openStage, say, stations, texts } from "./stage.ts";

const ROAD = ["received", "stored", "acknowledged", "running", "sent", "done"];

/** The thread below the message with this text. */
const threadOf = (page: Page, text: string) =>
  column(page)
    .locator(".messages > li")
    .filter({ has: page.locator("> article .text", { hasText: text }) })
    .locator(".replies");

test("a suggestion is said, answered in its thread, and its road is drawn to the end", async ({ expect }) => {
  await using stage = await openStage();
  const page = await stage.visit();
  await page.getByRole("button", { name: "Hey! where is my pizza?" }).click();
  await threadOf(page, "Hey! where is my pizza?").getByText(ANSWER).waitFor();
  await expect.poll(() => stations(page)).toEqual(ROAD);
  expect(await page.locator("#road-verdict").textContent()).toContain("Stored before it was acknowledged");
  expect(await page.locator("#road").textContent()).not.toContain("`");
  expect(await page.locator("#road .ahead").count()).toBe(0);
  await stage.settles();
  expect(await answers(page)).toEqual([ANSWER]);
});

test("what nobody wants is ignored, and the road says that it cost nothing", async ({ expect }) => {
  await using stage = await openStage();
  const page = await stage.visit();
  await say(page, "good morning");
  await expect.poll(() => stations(page)).toEqual(["received", "ignored", "acknowledged"]);
  await stage.settles();
  expect(await answers(page)).toEqual([]);
});

test("the keyboard is enough, with the shortcut to the message box and without", async ({ expect }) => {
  await using stage = await openStage();
  const page = await stage.visit();
  const isInBox = async () => (await box(page).and(page.locator(":focus")).count()) === 1;
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await expect.poll(isInBox).toBe(true);

  await page.reload();
  await page.getByText("Live", { exact: true }).waitFor();
  let presses = 0;
  while (!(await isInBox()) && presses < 40) {
    await page.keyboard.press("Tab");
    presses += 1;
  }
  expect(await isInBox()).toBe(true);
  await page.keyboard.type("pizza, by keyboard");
  await page.keyboard.press("Enter");
  await threadOf(page, "pizza, by keyboard").getByText(ANSWER).waitFor();
  expect(await isInBox()).toBe(true);
});

test("an answer in a thread is answered in the same thread", async ({ expect }) => {
  await using stage = await openStage();
  const page = await stage.visit();
  await say(page, "who is hungry?");
  const root = column(page).locator(".messages > li").filter({ hasText: "who is hungry?" });
  await root.getByRole("article").hover();
  await root.getByRole("button", { name: "Reply in thread" }).click();
  await page.getByText("Answering ada: “who is hungry?”").waitFor();
  await say(page, "me! pizza!");
  await expect.poll(() => root.locator(".replies .text").allInnerTexts()).toEqual(["me! pizza!", ANSWER]);
  expect(await column(page).locator(".messages > li").count()).toBe(1);
});

test("a direct conversation is answered too, and what is said elsewhere is counted there", async ({ expect }) => {
  await using stage = await openStage();
  const page = await stage.visit();
  await open(page, "ada & hobnob");
  await page.getByRole("heading", { name: "Say something to hobnob." }).waitFor();
  await say(page, "pizza?");
  await expect.poll(() => answers(page)).toEqual([ANSWER]);
  await open(page, "#random");
  await page.getByRole("heading", { name: "Say something in #random." }).waitFor();
  const elsewhere = await stage.visit();
  await say(elsewhere, "hello there");
  const news = column(page).getByRole("button", { name: "1 new in other conversations" });
  await news.waitFor();
  expect(await page.getByRole("navigation").getByRole("link", { name: "Slack" }).textContent()).toContain("1 new");
  await news.click();
  await expect.poll(() => texts(page)).toEqual(["hello there"]);
  expect(await news.isVisible()).toBe(false);
});

test("markup in a message stays text", async ({ expect }) => {
  await using stage = await openStage();
  const page = await stage.visit();
  const text = `<img src=x onerror="document.title='owned'"> <script>document.title='owned'</script>`;
  await say(page, text);
  await expect.poll(() => texts(page)).toEqual([text]);
  await expect.poll(() => page.locator("#road-about").textContent()).toContain("<img src=x");
  await page.reload();
  await expect.poll(() => texts(page)).toEqual([text]);
  expect(await page.locator(".messages img, .messages script, #road-about img, #news img").count()).toBe(0);
  expect(await page.title()).toBe("Hobnob sandbox");
});

test("the page says that the server is away, and goes on when it is back", async ({ expect }) => {
  await using stage = await openStage();
  const page = await stage.visit({ expected: /net::ERR_/ });
  await say(page, "pizza before");
  await expect.poll(() => answers(page)).toEqual([ANSWER]);
  await stage.stop();
  await page.getByText("Connection lost, trying again…").waitFor();
  await say(page, "pizza into the void");
  await page.getByText("The sandbox does not answer. Is it still running?").waitFor();
  expect(await box(page).inputValue()).toBe("pizza into the void");

  await stage.startAgain();
  await page.getByText("Live", { exact: true }).waitFor();
  // The simulated workspace is another one now, without messages.
  await page.getByRole("heading", { name: "Say something in #general." }).waitFor();
  await say(page, "pizza after");
  await expect.poll(() => answers(page)).toEqual([ANSWER]);
});
