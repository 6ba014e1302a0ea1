import { expect, test } from "vitest";
import { isPlain, renderAck, renderReply, renderTitle } from "../../../src/adapters/twist/render.ts";
import { readText } from "../../../src/adapters/twist/text.ts";
import { reply } from "./started.ts";

const read = (content: string) => readText(content, (user) => user === "42");
const ME = "[Moe](twist-mention://42)";

test.each([
  [`${ME} hello`, "hello"],
  [`  ${ME}\n hello`, "hello"],
  [`hello ${ME}`, "hello"],
  [`hello ${ME}!`, "hello!"],
  [`hello ${ME} world`, "hello world"],
  [`say${ME}it`, "sayit"],
  [`${ME}${ME} hello ${ME}  ${ME}`, "hello"],
  [`one\n${ME} two`, "one\ntwo"],
  [ME, ""],
])("%j is read as %j, with the bot named", (content, text) => {
  expect(read(content)).toEqual({ text, named: true });
});

test.each([
  ["[Grace](twist-mention://7) hello", "@Grace hello"],
  ["[@Grace](twist-mention://7)", "@Grace"],
  ["[Team](twist-group-mention://42) hello", "@Team hello"],
  ["hello Moe, @Moe", "hello Moe, @Moe"],
  ["[Moe](https://example.com/42) **bold**", "[Moe](https://example.com/42) **bold**"],
  ["  kept  ", "  kept  "],
  ["[Moe](twist-mention://420)", "@Moe"],
])("%j is read as %j, without the bot", (content, text) => {
  expect(read(content)).toEqual({ text, named: false });
});

test("text that looks like half a mention costs no time", () => {
  expect(read("[".repeat(200_000)).named).toBe(false);
  expect(read(`${ME} `.repeat(20_000)).text).toBe("");
  expect(read(`a${" ".repeat(200_000)}b ${ME}`).text.length).toBe(200_002);
});

test("a reply's Markdown goes out as it is, with links to its files", () => {
  const attachments = [
    { name: "a [1].pdf", mimeType: "application/pdf", url: "https://example.com/a (1).pdf" },
    { name: "cat.png", mimeType: "image/png", url: "https://example.com/cat.png", altText: "a cat" },
  ];
  expect(renderReply(reply({ text: "*Hi* `there`", attachments })).content).toBe(
    "*Hi* `there`\n[a \\[1\\].pdf](https://example.com/a%20%281%29.pdf)\n![a cat](https://example.com/cat.png)",
  );
  expect(isPlain(reply({ attachments }))).toBe(true);
});

test("a post always has a text: the name of its file, or its buttons", () => {
  const file = { name: "cat.png", mimeType: "image/png", data: Buffer.from("x") };
  expect(renderReply(reply({ text: "", attachments: [file] })).content).toBe("cat.png");
  expect(renderReply(reply({ text: " ", attachments: [{ ...file, altText: "a cat" }] })).content).toBe("a cat");
  expect(renderReply(reply({ text: "", buttons: [{ id: "y", label: "Yes" }] })).content).toBe("Yes");
  expect(isPlain(reply({ attachments: [file] }))).toBe(false);
});

test("buttons say their value or open a page; content of Twist's own kind stands in their place", () => {
  const buttons = [
    { id: "y", label: "Yes", value: "go" },
    { id: "n", label: "No" },
    { id: "d", label: "Docs", url: "https://example.com" },
  ];
  expect(renderReply(reply({ buttons })).actions).toEqual([
    { type: "action", action: "send_reply", button_text: "Yes", message: "go" },
    { type: "action", action: "send_reply", button_text: "No", message: "No" },
    { type: "action", action: "open_url", button_text: "Docs", url: "https://example.com" },
  ]);
  const native = [{ type: "action", action: "prefill_message", button_text: "Draft", message: "Dear" }];
  expect(renderReply(reply({ buttons, native })).actions).toEqual(native);
});

test("an immediate text keeps what a bare text can carry", () => {
  expect(renderAck("One moment.")).toBe("One moment.");
  const attachments = [{ name: "a", mimeType: "text/plain", url: "https://example.com/a" }];
  expect(renderAck({ text: "Here:", attachments, buttons: [{ id: "x", label: "X" }] })).toBe(
    "Here:\n[a](https://example.com/a)",
  );
});

test("a new thread's title is the first line without its marks", () => {
  expect(renderTitle("\n## **Report** of [today](https://example.com)\nmore")).toBe("Report of today");
  expect(renderTitle("x".repeat(100))).toBe(`${"x".repeat(79)}…`);
  expect(renderTitle("***")).toBe("…");
});
