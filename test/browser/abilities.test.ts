import type { Page } from "playwright-core";
import { test } from "vitest";
import { invented } from "../sandbox/invented.ts";
import { box, column, openStage, say, texts } from "./stage.ts";

const PICTURE = { name: "cat.png", mimeType: "image/png", buffer: Buffer.from("not really a cat") };

/** A stage with invented platforms: one where people can do everything, and one where they can only talk. */
const openInvented = () =>
  openStage({
    adapters: () => [],
    platforms: [invented("all", "Everything"), invented("none", "Nothing", { can: [] })],
  });

async function more(page: Page, platform: string): Promise<readonly string[]> {
  const article = column(page, platform).getByRole("article").first();
  await article.hover();
  await article.getByText("More", { exact: true }).click();
  return article.locator(".tools button").allInnerTexts();
}

test("a button of the bot's is pressed by who speaks, and one with an address is a link", async ({ expect }) => {
  await using stage = await openInvented();
  const page = await stage.visit();
  const all = column(page, "all");
  await say(page, "let me choose", "all");
  await all.getByRole("combobox", { name: "Speak as" }).selectOption("bob");
  await all.getByRole("button", { name: "Yes" }).click();
  await expect.poll(() => texts(page, "all")).toEqual(["let me choose", "Well?", "bob pressed yes"]);
  const link = all.getByRole("link", { name: "Read on" });
  expect(await link.getAttribute("href")).toBe("https://docs.example/");
  expect(await link.getAttribute("target")).toBe("_blank");

  await say(page, "let me choose", "none");
  await column(page, "none").getByText("Yes", { exact: true }).waitFor();
  expect(await column(page, "none").getByRole("button", { name: "Yes" }).count()).toBe(0);
});

test("a text that begins with a slash is a command, where there are commands", async ({ expect }) => {
  await using stage = await openInvented();
  const page = await stage.visit();
  await say(page, "/weather Paris, now", "all");
  await expect.poll(() => texts(page, "all")).toEqual(["ada ran weather with Paris, now"]);
  await say(page, "/weather", "none");
  await expect.poll(() => texts(page, "none")).toEqual(["/weather"]);
});

test("a picture is attached, described and shown with its description", async ({ expect }) => {
  await using stage = await openInvented();
  const page = await stage.visit();
  const all = column(page, "all");
  await all.getByLabel("Attach").setInputFiles([PICTURE, { ...PICTURE, name: "notes.txt", mimeType: "text/plain" }]);
  await all.getByRole("textbox", { name: "Alternative text of cat.png" }).fill("A cat on a mat");
  await all.getByRole("button", { name: "Take notes.txt away" }).click();
  await box(page, "all").press("Enter");
  await all.getByRole("img", { name: "A cat on a mat" }).waitFor();
  expect(await all.locator(".attached li").count()).toBe(0);
  expect(await all.locator(".files li").count()).toBe(1);

  await all.getByLabel("Attach").setInputFiles([{ ...PICTURE, buffer: Buffer.alloc(800_000) }]);
  await all.getByText("larger than 700 kB").waitFor();
  expect(await column(page, "none").getByLabel("Attach").isVisible()).toBe(false);
});

test("who sees a whisper is said", async () => {
  await using stage = await openInvented();
  const page = await stage.visit();
  await say(page, "whisper and let me choose", "all");
  const message = (text: string) => column(page, "all").getByRole("article").filter({ hasText: text });
  await message("Psst.").getByText("only agents see this").waitFor();
  await message("Well?").getByText("only the person asked sees this").waitFor();
});

test("the bot is installed with its last page's words, and taken away", async () => {
  await using stage = await openInvented();
  const page = await stage.visit();
  const all = column(page, "all");
  await all.getByText("Bot", { exact: true }).click();
  await all.getByRole("button", { name: "Install the bot" }).click();
  await all.getByText("The last page answered 200: Robot is installed & well.").waitFor();
  await all.getByText("Bot", { exact: true }).click();
  await all.getByRole("button", { name: "Uninstall it" }).click();
  await all.getByText("There the bot hears nothing until it is installed again.").waitFor();
  await all.getByText("Good-bye.").waitFor();
});

test("only what people can do there is offered", async ({ expect }) => {
  await using stage = await openInvented();
  const page = await stage.visit();
  await say(page, "hello", "all");
  await say(page, "hello", "none");
  await column(page, "all").getByRole("article").waitFor();
  await column(page, "none").getByRole("article").waitFor();
  expect(await more(page, "all")).toEqual(["Reply", "👍", "Edit", "Delete", "Deliver again", "Show its road"]);
  expect(await more(page, "none")).toEqual(["Deliver again", "Show its road"]);
  expect(await column(page, "none").getByText("Bot", { exact: true }).isVisible()).toBe(false);
});

test("a message is edited, liked, answered and deleted with the keyboard alone", async ({ expect }) => {
  await using stage = await openInvented();
  const page = await stage.visit();
  const all = column(page, "all");
  await say(page, "first", "all");
  await say(page, "second", "all");
  await expect.poll(() => texts(page, "all")).toEqual(["first", "second"]);
  await page.keyboard.press("Shift+Tab");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await all.getByLabel("thumbsup, by ada").waitFor();

  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await all.getByText("Editing ada: “first”").waitFor();
  expect(await box(page, "all").inputValue()).toBe("first");
  await box(page, "all").fill("first, edited");
  await page.keyboard.press("Enter");
  await expect.poll(() => texts(page, "all")).toEqual(["first, edited", "second"]);
  await all.getByText("edited", { exact: true }).waitFor();

  const second = all.getByRole("article").filter({ hasText: "second" });
  await second.focus();
  await second.getByText("More", { exact: true }).press("Enter");
  await second.getByRole("button", { name: "Delete" }).press("Enter");
  await expect.poll(() => texts(page, "all")).toEqual(["first, edited"]);
});
