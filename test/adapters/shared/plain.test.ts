import { describe, expect, test } from "vitest";
import { type Dialect, renderPlain } from "../../../src/adapters/shared/plain.ts";

const DIALECT: Dialect = { bold: "*", italic: "_", strike: "~", bullet: "-", keepsTicks: true };

describe("Markdown becomes plain text, or a dialect of its own", () => {
  test.each<[markdown: string, plain: string, dialect: string]>([
    ["", "", ""],
    ["plain", "plain", "plain"],
    ["**bold** and __bold__", "bold and bold", "*bold* and *bold*"],
    ["*slanted* and _slanted_", "slanted and slanted", "_slanted_ and _slanted_"],
    ["***both*** of **it _all_**", "both of it all", "*_both_* of *it _all_*"],
    ["**bold *and* slanted**", "bold and slanted", "*bold _and_ slanted*"],
    ["~~gone~~", "gone", "~gone~"],
    ["`a*b*` and ``c`d``", "a*b* and c`d", "`a*b*` and ``c`d``"],
    ["say `**no**`", "say **no**", "say `**no**`"],
    [
      "```js\nlet a_b_c = 2 * *x*;\n```\nafter *it*",
      "let a_b_c = 2 * *x*;\nafter it",
      "```\nlet a_b_c = 2 * *x*;\n```\nafter _it_",
    ],
    ["~~~\n```\n~~~", "```", "```\n```\n```"],
    ["# A **big** title #\n## C#", "A big title\nC#", "*A big title*\n*C#*"],
    ["# #", "", ""],
    ["* one\n  + two\n- three\n1. four", "• one\n  • two\n• three\n1. four", "- one\n  - two\n- three\n1. four"],
    ["**one**\r\n- two\r\n", "one\n• two\n", "*one*\n- two\n"],
    ["> quoted **so**", "> quoted so", "> quoted *so*"],
    ["[the **docs**](https://x.dev/a_b_c)", "the docs (https://x.dev/a_b_c)", "the *docs* (https://x.dev/a_b_c)"],
    ["**[docs](https://x.dev)**", "docs (https://x.dev)", "*docs (https://x.dev)*"],
    ["![a cat](https://x.dev/cat.png)", "a cat (https://x.dev/cat.png)", "a cat (https://x.dev/cat.png)"],
    ["[**Ada**](user:+16505551111)", "Ada", "*Ada*"],
    ["https://x.dev/a_b_c*d* stays", "https://x.dev/a_b_c*d* stays", "https://x.dev/a_b_c*d* stays"],
  ])("%j", (markdown, plain, dialect) => {
    expect(renderPlain(markdown)).toBe(plain);
    expect(renderPlain(markdown, DIALECT)).toBe(dialect);
  });

  test.each([
    [
      "[https://x.dev](https://x.dev) [x.dev](https://x.dev) ![](https://x.dev/a.png)",
      "https://x.dev https://x.dev https://x.dev/a.png",
    ],
    ["<https://x.dev/?a=1&b=2> <mailto:a@x.dev>", "https://x.dev/?a=1&b=2 a@x.dev"],
    ["[mail](mailto:a@x.dev) [call](tel:+1650)", "mail (a@x.dev) call (+1650)"],
    ["1\\. \\*not\\* \\_slanted\\_", "1. *not* _slanted_"],
  ])("%j is %j", (markdown, plain) => expect(renderPlain(markdown)).toBe(plain));
});

test.each([
  "2 * 3 * 4 = 24, 2*3*4, snake_case_name, 5 < 6 & 7",
  "a ** b",
  "a ****b and ~~~~",
  "**open, *half `tick [link](there",
  "``open `",
  "```open\nrest *of* it",
  "---\n***",
  "1. one",
])("%j stays as it was typed", (text) => expect(renderPlain(text)).toBe(text));

// What took quadratic time would not end before the test's own time-out.
describe("a long row of marks comes to an end", () => {
  test.each(["*", "_", "`", "[", "![", "[a](", "~~", "**a "])("%j, and to nothing less", (mark) => {
    expect(renderPlain(mark.repeat(100_000)) === mark.repeat(100_000)).toBe(true);
  });

  test.each([
    ["headings", "# ".repeat(100_000)],
    ["spaces", `# a${" ".repeat(100_000)}b`],
    ["brackets", "<\\[a".repeat(50_000)],
    ["marks that close nothing", "**a ".repeat(50_000) + " a_".repeat(50_000)],
    ["fences", "```\n~~~\n".repeat(50_000)],
    ["lines", `\`\`\`${"\n*a*".repeat(200_000)}`],
    ["addresses", "http://".repeat(50_000)],
    ["links in a label", `[${"[a](b) ".repeat(50_000)}`],
  ])("%s", (_, text) => expect(renderPlain(text)).not.toBe(""));
});
