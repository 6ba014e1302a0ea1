import { expect, test } from "vitest";
import { foldCase, foldWords } from "../../src/core/fold.ts";
import { createPatternIndex, matchPattern } from "../../src/core/match.ts";
import { literalsOf } from "../../src/core/match-literals.ts";
import type { Pattern } from "../../src/core/plugin.ts";
import { createRandom } from "../random.ts";

function found(patterns: readonly Pattern[], text: string): Pattern[] {
  const index = createPatternIndex<Pattern>();
  for (const pattern of patterns) index.add(pattern, pattern);
  return index.match(text).map(({ value }) => value);
}

function expectMatch(pattern: Pattern, text: string, expected: boolean): void {
  expect({
    pattern,
    text,
    index: found([pattern], text).length === 1,
    alone: matchPattern(pattern, text) !== undefined,
  }) //
    .toEqual({ pattern, text, index: expected, alone: expected });
}

test.each<[string, string, boolean]>([
  ["pizza", "PIZZA!", true],
  ["pizza", "_pizza_", true],
  ["pizza", "pizza's here", true],
  ["pizza", "a pizza-box", true],
  ["pizza", "pizzazz", false],
  ["pizza", "minipizza", false],
  ["pizza", "pizza2", false],
  ["pizza", "pizza\u0301", false],
  ["pizza", "pizza™", true],
  ["pizza", "ＰＩＺＺＡ", true],
  ["pizza", "", false],
  ["Straße", "die STRAßE", true],
  ["пицца", "Где ПИЦЦА?", true],
  ["οδός", "ΟΔΌΣ", true],
  ["café", "cafe\u0301 time", true],
  ["cafe\u0301", "CAFÉ", true],
  ["cafe", "café", false],
  ["İstanbul", "İSTANBUL", true],
  ["on call", "who is ON \n\t call?", true],
  ["on  call", "on\u00a0call", true],
  ["on call", "oncall", false],
  ["on call", "on callback", false],
  ["on call", "salon call", false],
  ["c++", "C++ or c", true],
  ["c++", "c++11", true],
  ["c++", "abc++", false],
  ["c++", "c + +", false],
  [":tada:", "yes:tada:yes", true],
  ["✅", "done✅✅", true],
  ["🎉", "so🎉", true],
  ["❤️", "I ❤ it", true],
  ["👍", "👍🏽", true],
  ["/help", "try /help", true],
  ["/help", "try /helping", false],
  ["don't", "DON'T!", true],
  ["𐐐𐐑", "(𐐸𐐹)", true],
  ["𐐐", "𐐸𐐹", false],
  ["$^.*+?()[]{}|\\/-", "x$^.*+?()[]{}|\\/-x", true],
])("the word %j in %j: %j", expectMatch);

test.each<[RegExp, string, boolean]>([
  [/pizza/, "a pizza", true],
  [/pizza/, "a Pizza", false],
  [/pizza/i, "a PiZZa", true],
  [/colou?r/, "the color", true],
  [/(?:deploy|ship) (\w+)/, "ship it", true],
  [/(?:deploy|ship|\d) it/, "7 it", true],
  [/(?!pizza)p.zza/, "puzza", true],
  [/(?<!no )pizza/, "pizza", true],
  [/(?:pizza)?/, "", true],
  [/(?:pizza)*!/, "!", true],
  [/(?:ab)+cd/, "ababcd", true],
  [/x(?:ab)+cd/, "xababcd", true],
  [/x(?:ab|ba){2}cd/, "xabbacd", true],
  [/(\w+) \1/, "bye bye", true],
  [/st/iu, "\u017fT", true],
  [/\u212aelvin/iu, "kelvin", true],
  [/ΟΔΟΣ/i, "οδος", true],
  [/μμ/i, "µµ", true],
  [/🎉!/, "🎉!", true],
  [/🎉!/u, "🎉!", true],
  [/[🎉🎊]!/u, "🎊!", true],
  [/\ude00x/, "\u{1f600}x", true],
  [/[^a]bc/, "xbc", true],
  [/[\q{foo|bar}]baz/v, "barbaz", true],
  [/[\w--a]bcd/v, "xbcd", true],
  [/(?i:pizza)/, "PIZZA", true],
  [/a{2,3}b{0}c/, "aac", true],
  [/^deploy$/m, "please\ndeploy\nnow", true],
  [/\bhi\b/, "this", false],
])("the expression %s in %j: %j", expectMatch);

test("the match of an expression comes with its groups", () => {
  const index = createPatternIndex<string>();
  index.add(/deploy (?<what>\w+)/i, "deploy");
  expect(index.match("Deploy API")).toMatchObject([{ value: "deploy", match: { index: 0, groups: { what: "API" } } }]);
  expect(matchPattern(/deploy (\w+)/i, "Deploy API")?.match?.[1]).toBe("API");
});

test("the flags g and y leave nothing behind from one text to the next", () => {
  const pattern = /pizza/gy;
  const index = createPatternIndex<string>();
  index.add(pattern, "pizza");
  for (let round = 0; round < 3; round++) {
    expect(index.match("my pizza")).toHaveLength(1);
    expect(matchPattern(pattern, "my pizza")).toBeDefined();
  }
  expect(pattern.lastIndex).toBe(0);
});

test("a value comes once for every pattern of its own, however often they occur", () => {
  const index = createPatternIndex<string>();
  for (const pattern of ["pizza", "Pizza", "hot", /pizza/, /pizza/g, /pizz./]) index.add(pattern, "one");
  index.add("pizza", "two");
  const values = index.match("hot hot pizza pizza").map(({ value }) => value);
  expect(values.toSorted()).toEqual(["one", "one", "one", "one", "two"]);
});

test("phrases that begin alike are told apart", () => {
  expect(found(["on", "on call", "on call now", "call"], "on call later").toSorted()).toEqual([
    "call",
    "on",
    "on call",
  ]);
});

test("a pattern added after a search is found by the next", () => {
  const index = createPatternIndex<string>();
  index.add(/pizza/, "pizza");
  expect(index.match("pizza pasta")).toHaveLength(1);
  index.add(/pasta/, "pasta");
  index.add("pasta", "pasta");
  expect(index.match("pizza pasta")).toHaveLength(3);
});

test.each(["", "  \n", "\ufe0f"])("the word %j is refused", (pattern) => {
  const refusal = expect.objectContaining({ code: "PATTERN_EMPTY" });
  expect(() => createPatternIndex().add(pattern, 1)).toThrow(refusal);
  expect(() => matchPattern(pattern, "text")).toThrow(refusal);
});

test.each<[RegExp, readonly (readonly string[])[]]>([
  [/\bPizza\b/, [["pizza"]]],
  [/gr[ae]y|black/, [["gray", "grey", "black"]]],
  [/deploy (\w+) to prod/, [["deploy "], [" to prod"]]],
  [/colou?rs+/, [["colors", "colours"]]],
  [/(?:ab)+c/, [["ab"], ["abc"]]],
  [/a|b/, []],
  [/\d+/, []],
  [/(?!pizza)/, []],
])("every match of %s contains one of %j", (expression, literals) => {
  expect(literalsOf(expression)).toEqual(literals);
});

test("folding keeps no two characters apart that an expression without case takes for one", () => {
  const all = Array.from({ length: 0x11_0000 }, (_, point) => point)
    .filter((point) => point < 0xd800 || point > 0xdfff)
    .map((point) => String.fromCodePoint(point))
    .filter((text) => text.toLowerCase() !== text || text.toUpperCase() !== text);
  const haystack = all.join("");
  const apart = all.flatMap((text) =>
    ["giu", ...(text.length === 1 ? ["gi"] : [])]
      .flatMap((flags) => haystack.match(new RegExp(text, flags)) ?? [])
      .filter((other) => foldCase(other) !== foldCase(text))
      .map((other) => `${text}${other}`),
  );
  expect(apart).toEqual([]);
});

// The rules for words once more, as an expression.
function findsWord(word: string, text: string): boolean {
  const own = "[\\p{L}\\p{M}\\p{Nd}]";
  const folded = foldWords(word).trim();
  const parts = folded.split(/\s+/).map((part) => part.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&"));
  const before = new RegExp(`^${own}`, "u").test(folded) ? `(?<!${own})` : "";
  const after = new RegExp(`${own}$`, "u").test(folded) ? `(?!${own})` : "";
  return new RegExp(before + parts.join("\\s+") + after, "u").test(foldWords(text));
}

test("the index finds what trying the patterns one by one finds, for random patterns and texts", () => {
  const random = createRandom(20);
  const letters = [
    "a",
    "b",
    "A",
    "ab",
    "s",
    "k",
    "1",
    " ",
    "\n",
    "-",
    "_",
    "é",
    "e\u0301",
    "ſ",
    "K",
    "σ",
    "ς",
    "İ",
    "🎉",
    "𐐐",
  ];
  const text = (most: number): string => random.list(random.below(most), () => random.pick(letters)).join("");
  const atom = (depth: number): string => {
    const kind = random.below(depth > 0 ? 12 : 7);
    if (kind < 5) return random.pick(letters).replace("-", "\\-");
    if (kind === 5) return random.pick([".", "\\w", "\\b", "^", "$", "[^a]", "\\s"]);
    if (kind === 6) return random.pick(["[ab]", "[a-c]", "[éσ]", "[🎉b]"]);
    if (kind === 7)
      return `(?:${alternatives(depth - 1)})${random.pick(["", "?", "*", "+", "{2}", "{2,}", "{0,2}", "+?"])}`;
    if (kind === 8) return `(${alternatives(depth - 1)})`;
    if (kind === 9) return `${random.pick(["(?=", "(?!", "(?<=", "(?<!", "(?i:"])}${alternatives(depth - 1)})`;
    if (kind === 10) return `${random.pick(["a", "b", "1"])}${random.pick(["?", "+", "*", "{1,3}"])}`;
    return `${alternatives(depth - 1)}`;
  };
  const sequence = (depth: number): string => random.list(random.below(4), () => atom(depth)).join("");
  const alternatives = (depth: number): string => random.list(1 + random.below(2), () => sequence(depth)).join("|");
  const pattern = (): Pattern => {
    if (random.below(3) === 0) return text(4).trim() || "ab";
    const flags = random.pick(["", "i", "u", "iu", "v", "iv", "g", "m"]);
    try {
      return new RegExp(alternatives(2), flags);
    } catch {
      return new RegExp(alternatives(2).replaceAll("\\-", "-"), flags.replace(/[uv]/, ""));
    }
  };
  let hits = 0;
  for (let round = 0; round < 200; round++) {
    const patterns = random.list(1 + random.below(40), pattern);
    const index = createPatternIndex<number>();
    for (const [at, one] of patterns.entries()) index.add(one, at);
    for (let times = 0; times < 10; times++) {
      const sample = text(14);
      const expected = patterns.flatMap((one, at) => {
        const match = matchPattern(one, sample);
        if (typeof one === "string") expect(match !== undefined, `${one} in ${sample}`).toBe(findsWord(one, sample));
        return match ? [{ at, match: match.match }] : [];
      });
      const actual = index.match(sample).map(({ value, match }) => ({ at: value, match }));
      expect({ sample, patterns, found: actual.toSorted((a, b) => a.at - b.at) }).toEqual({
        sample,
        patterns,
        found: expected,
      });
      hits += expected.length;
    }
  }
  expect(hits).toBeGreaterThan(10_000);
});

test("a text of 100,000 characters is one pass, whatever it holds", () => {
  const patterns: Pattern[] = ["a b c d e", "aaaa", /aaaab/, /(?:ab)+cd/, "x".repeat(50), /needle$/];
  for (const unit of ["a", "a ", "ab", "é", "x".repeat(49), "🎉", " "]) {
    expect(found(patterns, unit.repeat(100_000 / unit.length))).toEqual([]);
  }
});
