import type { Locator, Page } from "playwright-core";
import { test } from "vitest";
import {
  ANSWER,
  answers,
  box,
  column,
  everyAdapter,
  excessWidth,
  openStage,
  say,
  stations,
  unreadable,
} from "./stage.ts";

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

const SEEN = new Function(
  "element",
  `const { left, top, right, bottom } = element.getBoundingClientRect();
  const corners = [[left + 8, top + 4], [right - 8, top + 4], [left + 8, bottom - 4], [right - 8, bottom - 4]];
  return corners.every(([x, y]) => element.contains(document.elementFromPoint(x, y)));`,
) as () => boolean;

/** Is all of it within what can be seen, and nothing in front of it? */
const isInSight = (locator: Locator) => locator.evaluate(SEEN);

test.for([
  [1280, 720],
  [1366, 800],
  [1024, 768],
])(
  "at %i × %i the invitation is read from its beginning until something was said",
  async ([width, height], { expect }) => {
    await using stage = await openStage({ adapters: everyAdapter });
    const page = await stage.visit({ viewport: { width: width!, height: height! } });
    for (const platform of ["slack", "twist"]) {
      const invitation = column(page, platform).locator(".empty");
      for (const part of [invitation.getByRole("heading"), invitation.getByRole("button").first()]) {
        await expect.poll(() => isInSight(part)).toBe(true);
      }
    }
    await say(page, "pizza");
    await expect.poll(() => answers(page)).toEqual([ANSWER]);
    await page.setViewportSize({ width: width!, height: height! - 60 });
    await expect.poll(() => isInSight(column(page, "twist").locator(".empty").getByRole("heading"))).toBe(true);
  },
);

/** The parts of the header that others stand on. */
const OVERLAPS = `(() => {
  const boxes = [...document.querySelector(".masthead").children].map((part) => part.getBoundingClientRect());
  return boxes.filter((box, index) => index > 0 && box.left < boxes[index - 1].right - 6).length;
})()`;

test.for([768, 820, 970, 1024])(
  "at a width of %i the parts of the header stand side by side",
  async (width, { expect }) => {
    await using stage = await openStage({ adapters: everyAdapter });
    const page = await stage.visit({ viewport: { width, height: 1024 } });
    expect(await page.evaluate<number>(OVERLAPS)).toBe(0);
    expect(await excessWidth(page, ["html"])).toEqual([0]);
    expect(await isInSight(page.getByRole("button", { name: "Start over" }))).toBe(true);
    // The tabs that found no room are announced, and reached all the same.
    await page.locator("#tabs.more-after").waitFor();
    const last = page.getByRole("navigation").getByRole("link", { name: "SMS & WhatsApp" });
    await last.focus();
    await last.press("Enter");
    await expect.poll(() => isInSight(last)).toBe(true);
  },
);

test("on a phone held sideways the invitation, the message box and the tabs have room", async ({ expect }) => {
  await using stage = await openStage({ adapters: everyAdapter });
  const page = await stage.visit({ viewport: { width: 844, height: 390 }, hasTouch: true, isMobile: true });
  expect(await excessWidth(page, ["html"])).toEqual([0]);
  const send = column(page).getByRole("button", { name: "Send" });
  const tab = page.getByRole("navigation").getByRole("link", { name: "Road" });
  for (const part of [box(page), send, tab, column(page).locator(".chip").first()]) {
    expect(await isInSight(part)).toBe(true);
  }
  await say(page, "pizza");
  await expect.poll(() => answers(page)).toEqual([ANSWER]);
  expect(await isInSight(column(page).locator("article.self"))).toBe(true);
  await tab.tap();
  await expect.poll(() => isInSight(page.getByRole("heading", { name: "The road of the last message" }))).toBe(true);
});

/** The words of the lower part that stand on two lines. */
const BROKEN = `(() => {
  const range = document.createRange();
  const walker = document.createTreeWalker(document.getElementById("dock"), NodeFilter.SHOW_TEXT);
  const broken = [];
  while (walker.nextNode()) {
    const { currentNode: node } = walker;
    for (const { 0: word, index } of node.data.matchAll(/[\\w’]+/g)) {
      range.setStart(node, index);
      range.setEnd(node, index + word.length);
      if (range.getClientRects().length > 1) broken.push(word);
    }
  }
  return broken;
})()`;

test.for([
  [1024, 768],
  [1280, 720],
  [1440, 900],
  [768, 1024],
])(
  "at %i × %i a long road shows its end, no word is broken and no meaning cut",
  async ([width, height], { expect }) => {
    await using stage = await openStage();
    const page = await stage.visit({ viewport: { width: width!, height: height! } });
    await page.getByRole("button", { name: "Lost answer" }).click();
    await page.getByRole("button", { name: "Lost answer armed" }).waitFor();
    await say(page, "where is my pizza?");
    await expect.poll(() => stations(page)).toContain("found");
    await expect.poll(() => stations(page)).toContain("done");
    expect(await page.evaluate(BROKEN)).toEqual([]);
    expect(
      await page.evaluate(`[...document.querySelectorAll("#road, #road .meaning")]
      .filter((each) => each.scrollHeight > each.clientHeight).map((each) => each.textContent)`),
    ).toEqual([]);
    for (const name of ["found", "done"]) {
      await expect.poll(() => isInSight(page.locator(`#road .stop.${name} .name`))).toBe(true);
    }
    // It fades where it goes on, and the first station after that is whole.
    await page.locator("#road.more-before").waitFor();
    const offsets = await page.evaluate<number[]>(`(() => {
    const start = document.getElementById("road").getBoundingClientRect().left;
    return [...document.querySelectorAll("#road .stop")].map((each) => Math.round(each.getBoundingClientRect().left - start));
  })()`);
    expect(offsets).toContain(28);
  },
);

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
