import { describe, expect, test } from "vitest";
import {
  type ImageCommand,
  readRequest,
  wholePattern,
  withoutQuotes,
  wordPattern,
} from "../../src/plugins/image-command/request.ts";
import { seedOf } from "../../src/plugins/image-command/seed.ts";

const random: ImageCommand = { word: "moerand", seed: "random", truncation: 0.55, prefix: "", help: "" };
const mess: ImageCommand = { word: "moemess", seed: "random", truncation: 1, prefix: "mess", help: "" };
const name: ImageCommand = { word: "moename", seed: "text", truncation: 0.55, prefix: "", help: "" };
const number: ImageCommand = { word: "moegen", seed: "number", truncation: -0.55, prefix: "opp", help: "" };
const commands = [random, mess, name, number];
const read = (text: string) => readRequest(text, commands);
const seedIn = (text: string) => {
  const request = read(text);
  return "wanted" in request ? request.wanted.seed : request.problem;
};

test.each([
  ["hey give me an anime girl", 579688718],
  ["Hey give me an anime girl", 84649158],
  ["héllo", 34525008],
  ["猫", 626337244],
  ["42", 42],
  ["007", 7],
  ["4294967295", 4294967295],
  ["4294967296", undefined],
  ["9".repeat(400), undefined],
])("the seed of %s is %s", (text, seed) => {
  expect(seedOf(text)).toBe(seed);
});

describe("a request", () => {
  test("is found anywhere in a text, inside a longer word too, in any case", () => {
    for (const text of ["moerand", "please MoeRand!", "xmoerandx", "hello\nMOERAND"]) {
      expect(read(text)).toEqual({ wanted: { seed: "random", truncation: 0.55, prefix: "" } });
    }
  });

  test("of two commands in a text is the one that stands first in the config", () => {
    expect(read("moename 42 moemess moerand")).toEqual({ wanted: { seed: "random", truncation: 0.55, prefix: "" } });
    expect(read("moename 42 moemess")).toEqual({ wanted: { seed: "random", truncation: 1, prefix: "mess" } });
    expect(readRequest("moename 42 moemess", [name, mess])).toMatchObject({ wanted: { truncation: 0.55 } });
  });

  test("has its seed from the words beside the command, trimmed, with the blanks between them", () => {
    expect(seedIn("moename hey give me an anime girl")).toBe(579688718);
    expect(seedIn("  hey give me moeNAME an anime girl ")).toBe(seedOf("hey give me  an anime girl"));
    expect(seedIn("MOENAME\n héllo \t")).toBe(34525008);
    expect(seedIn("moename 007")).toBe(7);
    expect(seedIn("moename moename")).toBe(seedOf("moename"));
  });

  test("without its argument, or with a number that is too large, says what is wrong", () => {
    expect(seedIn("moename")).toBe("noName");
    expect(seedIn("moename 4294967296")).toBe("outOfRange");
    expect(seedIn("moegen")).toBe("noSeed");
    expect(seedIn("moegen seven")).toBe("outOfRange");
    expect(read("moegen 7")).toEqual({ wanted: { seed: 7, truncation: -0.55, prefix: "opp" } });
  });

  test("whose command is gone has the whole text's seed", () => {
    expect(read("hey give me an anime girl")).toEqual({ wanted: { seed: 579688718, truncation: 0.55, prefix: "" } });
    expect(seedIn("9".repeat(40))).toBe("random");
  });

  test("takes a word as it is, whatever signs it holds", () => {
    const odd = { ...random, word: "a+b(c)|[d]\\e" };
    expect(readRequest("say A+B(C)|[D]\\E now", [odd, name])).toMatchObject({ wanted: { seed: "random" } });
    expect(readRequest("aab", [odd])).toMatchObject({ wanted: { seed: seedOf("aab") } });
  });
});

test.each([
  ["try `moerand`, it draws", "try , it draws"],
  ["for example\n```\nmoename Ada\n```\ndraws Ada", "for example\n\ndraws Ada"],
  ["the help says ```moerand and is not closed", "the help says "],
  ["moename `Ada`", "moename `Ada`"],
  ["moename `moerand`", "moename "],
  ["`moename Ada`", "moename Ada"],
  ["```\nmoerand\n```", "moerand"],
  ["moename O`Hara", "moename O`Hara"],
])("in %j the words of a command are these: %j", (text, expected) => {
  expect(withoutQuotes(text, wordPattern("moerand", "moename"))).toBe(expected);
});

test("many marks of code are read in no time", () => {
  const text = "`".repeat(100_000);
  expect(withoutQuotes(`${text}x moerand`, wordPattern("moerand"))).toContain("moerand");
});

test("an opt-out is a text of nothing else", () => {
  const pattern = wholePattern(["stop", "unsubscribe"]);
  for (const text of ["stop", " STOP! ", "Unsubscribe."]) expect(pattern.test(text)).toBe(true);
  for (const text of ["stop it", "nonstop", "please stop", ""]) expect(pattern.test(text)).toBe(false);
});
