import { createPatternIndex, matchPattern } from "../src/core/match.ts";
import { formatNumber, formatSpread, printTable, ratioOf, spreadOf } from "./measure.ts";
import { option } from "./options.ts";

const SIZES = [1, 10, 100, 1000] as const;
const TEXTS = [
  "where is my PIZZA?",
  "Good morning, I ordered a pizza an hour ago and it has still not arrived, can somebody look into it please?",
  "hello team, the deployment of the billing service failed again last night; we had pizza and went home",
];
const HEADS = "re de con pro in un ship bill serv dash mor tick ord ser inter over plat mess chan work".split(" ");
const MIDDLES = "ploy vi lo form ma ti li der ter na ni sta mo ca ra se ver tra den pa".split(" ");
const TAILS = "ing ed ment er tion ly able ness ist al".split(" ");

// Word-like, so that their parts occur in the texts; as wholes they do not.
const WORDS = HEADS.flatMap((head) => MIDDLES.flatMap((middle) => TAILS.map((tail) => head + middle + tail)));
const SHAPES: readonly ((word: string) => RegExp)[] = [
  (word) => new RegExp(`\\b${word}\\b`, "i"),
  (word) => new RegExp(`${word} (\\w+)`, "i"),
  (word) => new RegExp(`^(?:please )?${word}s?\\b`, "i"),
  (word) => new RegExp(`(?:my|the|a) ${word}`, "i"),
];

function patternsOf(kind: string, size: number): (string | RegExp)[] {
  const others = WORDS.filter((word, at) => at % 3 === 0 && !TEXTS.some((text) => text.includes(word)));
  return Array.from({ length: size }, (_, at) => {
    const word = at === 0 ? "pizza" : others[at - 1]!;
    const isWord = kind === "words" || (kind === "mix" && at % 2 === 1);
    return isWord ? word : SHAPES[at === 0 ? 0 : at % SHAPES.length]!(word);
  });
}

/** Nanoseconds for a text. */
function time(run: (text: string) => number, texts: number): number {
  let found = 0;
  const start = process.hrtime.bigint();
  for (let at = 0; at < texts; at++) found += run(TEXTS[at % TEXTS.length]!);
  const elapsed = Number(process.hrtime.bigint() - start);
  if (found !== texts) throw new Error(`${texts} texts had ${found} matches instead of one each.`);
  return elapsed / texts;
}

/** What finding one match costs with 1 to 1,000 registered patterns, beside trying them one after the other. */
export function routing({ rounds = 9, texts = 30_000 } = {}): void {
  const cases = ["words", "expressions", "mix"].flatMap((kind) =>
    SIZES.map((size) => {
      const patterns = patternsOf(kind, size);
      const index = createPatternIndex<number>();
      for (const [value, pattern] of patterns.entries()) index.add(pattern, value);
      // As a loop over listeners does it: a word is an expression that was made once.
      const expressions = patterns.map((one) => (typeof one === "string" ? new RegExp(`\\b${one}\\b`, "i") : one));
      const loop = (text: string): number => expressions.reduce((sum, one) => sum + (one.exec(text) ? 1 : 0), 0);
      for (const text of TEXTS) {
        const alone = patterns.filter((pattern) => matchPattern(pattern, text) !== undefined).length;
        if (index.match(text).length !== alone)
          throw new Error(`The index and the single patterns differ for ${kind}.`);
      }
      return {
        kind,
        size,
        match: (text: string) => index.match(text).length,
        loop,
        ours: [] as number[],
        naive: [] as number[],
      };
    }),
  );
  for (let round = -2; round < rounds; round++) {
    for (const one of cases) {
      const ours = time(one.match, texts);
      const naive = time(one.loop, Math.max(30, Math.floor(texts / one.size / 3) * 3));
      if (round < 0) continue;
      one.ours.push(ours);
      one.naive.push(naive);
    }
  }
  const rows = cases.map(({ kind, size, ours, naive }) => {
    const single = cases.find((other) => other.kind === kind && other.size === 1)!;
    return [
      `${formatNumber(size).replace(/\.0+$/, "")} ${kind}`,
      formatSpread(spreadOf(ours)),
      formatSpread(ratioOf(ours, single.ours)),
      formatSpread(spreadOf(naive)),
      formatSpread(ratioOf(naive, ours)),
    ];
  });
  printTable(`Finding the one pattern that matches: nanoseconds for a text, median (range) of ${rounds} rounds`, [
    ["registered", "index", "ratio to 1", "one by one", "one by one ÷ index"],
    ...rows,
  ]);
}

if (import.meta.main) routing({ rounds: option("rounds", 9), texts: option("texts", 30_000) });
