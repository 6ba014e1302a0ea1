import { expect, test } from "vitest";
import { renderMrkdwn } from "../../../src/adapters/slack/mrkdwn.ts";
import { createRandom } from "./fixture.ts";

test.each([
  ["plain text, as it is.", "plain text, as it is."],
  ["**bold** and __bold__", "*bold* and *bold*"],
  ["*italic* and _italic_", "_italic_ and _italic_"],
  ["***both***", "*_both_*"],
  ["**bold _and italic_ text**", "*bold _and italic_ text*"],
  ["~~gone~~", "~gone~"],
  ["snake_case_name and 2 * 3 * 4", "snake_case_name and 2 * 3 * 4"],
  ["`a * b < c`", "`a * b &lt; c`"],
  ["``a ` b``", "`a ` b`"],
  ["**a `**` b**", "*a `**` b*"],
  ["```ts\nconst a = b && c < d; // **no**\n```", "```\nconst a = b &amp;&amp; c &lt; d; // **no**\n```"],
  ["~~~\n# no\n~~~", "```\n# no\n```"],
  ["```ts\nopen", "```ts\nopen\n```"],
  ["[the docs](https://x.dev/a_b_c?d=1&e=2)", "<https://x.dev/a_b_c?d=1&amp;e=2|the docs>"],
  ["[a](https://x.dev/b_(c))", "<https://x.dev/b_(c)|a>"],
  ["[**bold** label](https://x.dev)", "<https://x.dev|bold label>"],
  ["[](https://x.dev)", "<https://x.dev>"],
  ["![a cat](https://x.dev/cat.png)", "<https://x.dev/cat.png|a cat>"],
  ["[write](mailto:ada@x.dev)", "<mailto:ada@x.dev|write>"],
  ["[here](/relative)", "[here](/relative)"],
  ["[run](javascript:alert)", "[run](javascript:alert)"],
  ["<https://x.dev> <ada@x.dev>", "<https://x.dev> <mailto:ada@x.dev>"],
  ["https://x.dev/*a*/_b_ **https://x.dev**", "https://x.dev/*a*/_b_ *https://x.dev*"],
  ["# Title", "*Title*"],
  ["## **Title** ##", "*Title*"],
  ["# C#", "*C#*"],
  ["#hashtag", "#hashtag"],
  ["- one\n  * two\n+ three", "• one\n  • two\n• three"],
  ["1. one\n2. **two**", "1. one\n2. *two*"],
  ["> quoted **text**", "> quoted *text*"],
  ["> > deeper", "> &gt; deeper"],
  ["---\n* * *", "---\n* * *"],
  ["\\*not italic\\* \\<", "*not italic* &lt;"],
  ["[Ada](user:U0HUMAN01), look", "<@U0HUMAN01>, look"],
  ["tail\\", "tail\\"],
  ["", ""],
])("%j becomes %j", (markdown, mrkdwn) => {
  expect(renderMrkdwn(markdown)).toBe(mrkdwn);
});

test.each([
  "<!channel> <!here> <!everyone>",
  "<@U0HUMAN01> <#C0A1B2C3D> <!subteam^S0A1|@all>",
  "`<!channel>`",
  "```\n<!channel>\n```",
  "```<!channel>",
  "> <!channel>",
  "# <!channel>",
  "- <!channel>",
  "**<!channel>**",
  "[<!channel>](https://x.dev)",
  "[x](https://x.dev|<!channel>)",
  "[x](<!channel>)",
  "[x](https://x.dev/<!channel>)",
  "<https://x.dev|<!channel>>",
  "<https://x.dev/<!channel>>",
  "![<!channel>](https://x.dev)",
  "\\<!channel>",
  "[x](user:U1> <!channel)",
  "[x](user:!channel)",
  "[x](https://x.dev/&lt;!channel&gt;)",
])("%j calls nobody", (markdown) => {
  expect(renderMrkdwn(markdown)).not.toMatch(/<[!@#]/);
});

test("lines may end in CR LF", () => {
  expect(renderMrkdwn("# Menu\r\n- **one**\r\n> two")).toBe("*Menu*\r\n• *one*\r\n> two");
});

const PIECES = [
  ..."abcXYZ019éß漢🍕 \n\n.,;:!?'\"/=+-",
  "**",
  "__",
  "*",
  "_",
  "~~",
  "~",
  "`",
  "```",
  "[",
  "]",
  "](",
  "(",
  ")",
];
const MORE = ["<", ">", "&", "#", "# ", "- ", "> ", "\\", "|", "<!", "<@", "https://x", "user:", "1. ", "\t", "\r"];

test("no letter is lost and nobody is called, whatever the markup", () => {
  const random = createRandom(42);
  const all = [...PIECES, ...MORE];
  for (let round = 0; round < 20_000; round++) {
    const markdown = Array.from({ length: 1 + random(30) }, () => all[random(all.length)]!).join("");
    const mrkdwn = renderMrkdwn(markdown);
    // What stands behind a fence that is closed is its language: markup.
    const kept = markdown.replace(/^( {0,3}(?:`{3,}|~{3,}))[^`\n]*$/gm, "$1");
    // A mention made on purpose shows a name of Slack's choosing.
    if (/<@/.test(mrkdwn)) expect(markdown).toMatch(/\]\(\s*<?user:/);
    else expect(lettersMissing(kept, mrkdwn), JSON.stringify(markdown)).toEqual([]);
    expect(mrkdwn.replaceAll(/<(?:https:\/\/|mailto:|@U)[^<>]*>/g, ""), JSON.stringify(markdown)).not.toContain("<");
  }
});

function lettersMissing(before: string, after: string): string[] {
  const left = [...after];
  return [...before.replaceAll(/[^\p{L}\p{N}🍕]/gu, "")].filter((letter) => {
    const at = left.indexOf(letter);
    if (at !== -1) left.splice(at, 1);
    return at === -1;
  });
}
