import { expect, test } from "vitest";
import { clean, renderMarkdown, SMS, WHATSAPP } from "../../../src/adapters/twilio/text.ts";

const CODE = "```ts\nconst a_b = 1; // **no**\n```";

test.each<[string, string, string]>([
  ["**bold** and __bold__", "bold and bold", "*bold* and *bold*"],
  ["*slanted* and _slanted_", "slanted and slanted", "_slanted_ and _slanted_"],
  ["***both*** of **it _all_**", "both of it all", "*_both_* of *it _all_*"],
  ["~~gone~~", "gone", "~gone~"],
  ["`a*b*` and ``c`d``", "a*b* and c`d", "`a*b*` and ``c`d``"],
  [CODE, "const a_b = 1; // **no**", "```\nconst a_b = 1; // **no**\n```"],
  ["# A **big** title #", "A big title", "*A big title*"],
  ["* one\n+ two\n- three", "- one\n- two\n- three", "- one\n- two\n- three"],
  ["[the docs](https://x.dev/a_b_c)", "the docs (https://x.dev/a_b_c)", "the docs (https://x.dev/a_b_c)"],
  ["[https://x.dev](https://x.dev) <https://y.dev>", "https://x.dev https://y.dev", "https://x.dev https://y.dev"],
  ["[**Ada**](user:+16505551111)", "Ada", "*Ada*"],
  ["![a cat](https://x.dev/cat.png)", "a cat (https://x.dev/cat.png)", "a cat (https://x.dev/cat.png)"],
  ["[mail](mailto:a@x.dev)", "mail (a@x.dev)", "mail (a@x.dev)"],
  ["https://x.dev/a_b_c_d*e*", "https://x.dev/a_b_c_d*e*", "https://x.dev/a_b_c_d*e*"],
])("%j", (markdown, sms, whatsapp) => {
  expect(renderMarkdown(markdown, SMS)).toBe(sms);
  expect(renderMarkdown(markdown, WHATSAPP)).toBe(whatsapp);
});

test.each([
  "snake_case_name",
  "2 * 3 * 4",
  "a ** b",
  "**open",
  "`open",
  "```\nopen",
  "> said",
  "---",
  "1. one",
  "5 < 6",
])("%j stays as it was typed", (text) => expect(renderMarkdown(text, SMS)).toBe(text));

test("an escaped mark is the character itself", () => {
  expect(renderMarkdown("\\*not slanted\\* \\_x\\_", WHATSAPP)).toBe("*not slanted* _x_");
});

test("what no phone shows is dropped, emoji and line breaks stay", () => {
  expect(clean("a\u0000b\u0007\tc\r\nd\u001b[0m \ud800 👩‍👩‍👧 \uffff")).toBe("ab\tc\r\nd[0m � 👩‍👩‍👧 ");
});

test.each(["*", "_", "`", "[", "![", "~~", "**a ", "[a]("])(
  "a long row of %j comes to an end, and to nothing less",
  (mark) => expect(renderMarkdown(mark.repeat(20_000), SMS) === mark.repeat(20_000)).toBe(true),
);
