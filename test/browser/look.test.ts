import type { Page } from "playwright-core";
import { test } from "vitest";
import { ANSWER, answers, column, excessWidth, openStage, say, stations, unreadable } from "./stage.ts";

const PAPER = { light: "rgb(235, 240, 234)", dark: "rgb(10, 19, 16)" };

/** Of the page and of its list of messages. */
const excess = (page: Page) => excessWidth(page, ["html", ".scroll"]);

test.for(["light", "dark"] as const)(
  "in the %s scheme every text stands out from what is behind it",
  async (scheme, { expect }) => {
    await using stage = await openStage();
    const page = await stage.visit({ colorScheme: scheme });
    expect(await page.evaluate<string>("getComputedStyle(document.body).backgroundColor")).toBe(PAPER[scheme]);
    expect(await unreadable(page)).toEqual([]);

    await say(page, "pizza with `code`, a https://link.example and @hobnob");
    await expect.poll(() => answers(page)).toContain(ANSWER);
    await page.getByRole("button", { name: "Deliver twice" }).click();
    await page.getByRole("button", { name: "Deliver twice armed" }).waitFor();
    await column(page).getByRole("article").first().hover();
    await column(page).getByText("More", { exact: true }).click();
    expect(await unreadable(page)).toEqual([]);
  },
);

test("on a screen of 320 pixels nothing hangs out at the side", async ({ expect }) => {
  await using stage = await openStage();
  const page = await stage.visit({ viewport: { width: 320, height: 640 }, hasTouch: true, isMobile: true });
  expect(await excess(page)).toEqual([0, 0]);
  await say(page, `pizza ${"averylongword".repeat(20)}`);
  await say(page, "```\na line of code that is a good deal longer than any telephone is wide\n```");
  await expect.poll(() => answers(page)).toEqual([ANSWER]);
  await column(page).locator("pre").waitFor();
  expect(await excess(page)).toEqual([0, 0]);
  await column(page).getByRole("article").first().tap();
  await column(page).getByText("More", { exact: true }).tap();
  expect(await excess(page)).toEqual([0, 0]);
  await page.getByRole("button", { name: "Show its road" }).tap();
  await expect.poll(() => stations(page)).toContain("done");
  expect((await excess(page))[0]).toBe(0);
});

test("the page asks no other host, and its policy lets no foreign code in", async ({ expect }) => {
  await using stage = await openStage();
  const page = await stage.visit({ expected: /Content Security Policy/ });
  const asked: string[] = [];
  page.on("request", (request) => asked.push(new URL(request.url()).origin));
  await page.reload();
  await say(page, "pizza");
  await expect.poll(() => answers(page)).toEqual([ANSWER]);
  expect(new Set(asked)).toEqual(new Set([stage.url]));

  await page.evaluate(`{
    const script = document.createElement("script");
    script.textContent = "document.title = 'owned'";
    document.body.append(script);
    const elsewhere = document.createElement("script");
    elsewhere.src = "data:text/javascript,document.title='owned'";
    elsewhere.onerror = () => { document.body.dataset.refused = "true"; };
    document.body.append(elsewhere);
  }`);
  await page.locator("body[data-refused]").waitFor();
  expect(await page.title()).toBe("Hobnob sandbox");
});
