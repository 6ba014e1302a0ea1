import { expect, test } from "vitest";
import { fencesOf } from "../../src/core/markdown-spans.ts";
import { splitText } from "../../src/core/split.ts";
import { createRandom } from "../random.ts";

test.each<[string, string, number, readonly string[]]>([
  ["fits", "Hello", 5, ["Hello"]],
  ["is empty", "", 5, [""]],
  ["is white space that does not fit", "      ", 5, [""]],
  ["has paragraphs", "One two.\nThree.\n\nFour.", 20, ["One two.\nThree.", "Four."]],
  ["has several blank lines", "One two.\r\n \r\n\r\nThree four.", 12, ["One two.", "Three four."]],
  ["has lines", "One two. Three\nfour five", 16, ["One two. Three", "four five"]],
  ["has sentences", "One two. Three four five", 14, ["One two.", "Three four", "five"]],
  ["has sentences without spaces", "一二三四。五六七八", 6, ["一二三四。", "五六七八"]],
  ["has words", "One two three", 9, ["One two", "three"]],
  ["has a word that is too long", "Donaudampfschiff", 6, ["Donaud", "ampfsc", "hiff"]],
  ["has white space that means something", "one   two\n    three", 9, ["one   two", "    three"]],
  ["has more than one space at a cut", "one   two", 5, ["one  ", "two"]],
  ["has emoji", "👩‍🚀👩‍🚀👩‍🚀", 11, ["👩‍🚀👩‍🚀", "👩‍🚀"]],
  ["has flags", "🇩🇪🇫🇷🇮🇹", 7, ["🇩🇪", "🇫🇷", "🇮🇹"]],
  ["has letters of two code points", "e\u0301e\u0301e\u0301", 3, ["e\u0301", "e\u0301", "e\u0301"]],
  ["has a character larger than the limit", "a👩‍🚀b", 2, ["a", "👩‍🚀", "b"]],
  ["has a limit of nothing", "ab", 0, ["a", "b"]],
  ["has a link", "Look at [the long label](https://a.example)", 40, ["Look at", "[the long label](https://a.example)"]],
  [
    "has a link with brackets",
    "Look at ![a [b] c](https://a.example/x_(y))",
    38,
    ["Look at", "![a [b] c](https://a.example/x_(y))"],
  ],
  ["has a mention", "Thanks to <@U1|Ada Lovelace>", 20, ["Thanks to", "<@U1|Ada Lovelace>"]],
  [
    "has a link right after a word",
    "Look(here:[a b c d](https://a.example))",
    35,
    ["Look(here:", "[a b c d](https://a.example))"],
  ],
])("a text that %s is cut where it reads best", (_, text, limit, parts) => {
  expect(splitText(text, limit)).toEqual(parts);
});

test("a code fence that is cut is closed, and opened again with its language", () => {
  const text = "Look:\n\n```ts\nconst a = 1;\n\nconst b = 2;\n  const c = 3;\n```\n\nThat is all.";
  expect(splitText(text, 40)).toEqual([
    "Look:\n\n```ts\nconst a = 1;\n```",
    "```ts\n\nconst b = 2;\n  const c = 3;\n```",
    "That is all.",
  ]);
});

test("a code fence that is closed by a cut is not opened again for its closing line alone", () => {
  expect(splitText("~~~~\r\none two three\r\n~~~~   \r\nAnd then there was more.", 24)).toEqual([
    "~~~~\r\none two three\n~~~~",
    "And then there was more.",
  ]);
});

test("a fence that would use up the room is not repeated", () => {
  expect(splitText("```typescript\nabcdefgh ijkl\n```", 16)).toEqual(["```typescript\nab", "cdefgh ijkl\n```"]);
});

const MEASURES: Readonly<Record<string, (text: string) => number>> = {
  "code units": (text) => text.length,
  bytes: (text) => Buffer.byteLength(text),
  "an escaping renderer": (text) => text.replace(/[&<>]/g, "&amp;").length,
  "a narrow and a wide alphabet": (text) => text.length * (/[\u0080-\uffff]/.test(text) ? 2 : 1),
};
const PIECES = [
  "word",
  "a",
  " ",
  "  ",
  " ",
  "\n",
  "\r\n",
  "\n\n",
  ". ",
  "! ",
  "。",
  "&",
  "<b c>",
  "[x y](https://e.example)",
];
const CHARACTERS = ["é", "e\u0301", "😀", "👨‍👩‍👧‍👦", "🇩🇪", "❤️", "👍🏽", "\t", "x".repeat(30), "क्षि", "각"];
const CODE = ["```js\n", "\n```\n", "~~~\r\n", "\r\n~~~\r\n", "code;\n", "  more();\r\n"];
const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });
const visible = (text: string): string => text.replace(/\s+/g, "");

test.each(Object.keys(MEASURES))(
  "random texts measured in %s come in parts that fit and hold all that was said",
  (name) => {
    const measure = MEASURES[name]!;
    const random = createRandom(7);
    for (let round = 0; round < 400; round++) {
      const text = random.list(random.below(120), () => random.pick(random.below(3) ? PIECES : CHARACTERS)).join("");
      const limit = 1 + random.below(200);
      const parts = splitText(text, limit, measure);
      const boundaries = new Set([...graphemes.segment(text)].map(({ index }) => index)).add(text.length);
      let at = 0;
      for (const part of parts) {
        const start = text.indexOf(part, at);
        const about = JSON.stringify({ text, limit, part });
        // In small parts a whole part may be white space, which is left out.
        expect(text.slice(at, start), about).toMatch(limit < 40 ? /^\s*$/ : /^(?: |(?:\r?\n)(?:[ \t]*\r?\n)*)?$/);
        expect(boundaries.has(start) && boundaries.has(start + part.length), about).toBe(true);
        expect(measure(part) <= limit || [...graphemes.segment(part)].length === 1, about).toBe(true);
        at = start + part.length;
      }
      expect(visible(parts.join(""))).toBe(visible(text));
    }
  },
);

test("random texts with code keep all that was said, in fences that are closed", () => {
  const random = createRandom(8);
  let reopened = 0;
  for (let round = 0; round < 1000; round++) {
    const words = random.list(random.below(80), () =>
      random.pick(random.below(2) ? CODE : random.below(2) ? PIECES : CHARACTERS),
    );
    const closing = fencesOf(words.join("")).at(-1)?.closing ?? "";
    const text = `${words.join("")}\n${closing}`;
    const limit = 60 + random.below(140);
    const parts = splitText(text, limit);
    const about = JSON.stringify({ text, limit, parts });
    for (const part of parts) {
      expect(part.length, about).toBeLessThanOrEqual(limit);
      for (const fence of fencesOf(part)) expect(fence.bodyEnd < fence.end || part === parts.at(-1), about).toBe(true);
    }
    // Every character in order; only marks of fences may come between.
    const all = visible(parts.join("\n"));
    let at = 0;
    for (const character of visible(text)) {
      const next = all.indexOf(character, at);
      expect(next, about).toBeGreaterThanOrEqual(at);
      expect(all.slice(at, next), about).toMatch(/^[`~js]*$/);
      at = next + character.length;
    }
    expect(all.slice(at), about).toMatch(/^[`~js]*$/);
    reopened += fencesOf(parts.join("\n")).length - fencesOf(text).length;
  }
  expect(reopened).toBeGreaterThan(200);
});

test.each(["word ", "x", "😀", "[", "](", "<", "\n", "```\n", "[a](b) ", "a. ", "🇩🇪"])(
  "100,000 characters of %j are measured a few times, not over and over",
  (unit) => {
    const text = unit.repeat(100_000 / unit.length);
    for (const limit of [160, 4000]) {
      let measured = 0;
      splitText(text, limit, (part) => {
        measured += part.length;
        return part.length;
      });
      expect(measured).toBeLessThan(text.length * 25);
    }
  },
);
