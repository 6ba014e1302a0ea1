import { seedOf } from "./seed.ts";

/** A word that asks for a picture, and which one it asks for. */
export interface ImageCommand {
  readonly word: string;
  /** Where the seed comes from: chance, the words beside the command, or a number beside it. */
  readonly seed: "random" | "text" | "number";
  readonly truncation: number;
  /** Begins the name of the picture's file. */
  readonly prefix: string;
  /** What it makes, in a few words. */
  readonly help: string;
}

/** What somebody wants drawn. */
export interface Wanted {
  readonly seed: number | "random";
  readonly truncation: number;
  readonly prefix: string;
}

/** Why nothing can be drawn; each has a text for the person. */
export type Problem = "noName" | "noSeed" | "outOfRange";

/** What a message asks for. */
export type Request = { readonly wanted: Wanted } | { readonly problem: Problem; readonly command: ImageCommand };

// A stored request whose command is no longer in the config is not left without its picture.
const ANY_TEXT = { seed: "text", truncation: 0.55, prefix: "" } as const;

/** Reads a request; of several commands in a text the first one of the config counts. */
export function readRequest(text: string, commands: readonly ImageCommand[]): Request {
  const found = commands
    .map((command) => ({ command, match: wordPattern(command.word).exec(text) }))
    .find(({ match }) => match !== null);
  if (found === undefined) {
    const seed = seedOf(text.trim());
    return { wanted: { ...ANY_TEXT, seed: seed ?? "random" } };
  }
  const { command, match } = found;
  const { truncation, prefix } = command;
  if (command.seed === "random") return { wanted: { seed: "random", truncation, prefix } };

  const { index, 0: word } = match!;
  const argument = (text.slice(0, index) + text.slice(index + word.length)).trim();
  if (argument === "") return { problem: command.seed === "number" ? "noSeed" : "noName", command };
  if (command.seed === "number" && !/^[0-9]+$/.test(argument)) return { problem: "outOfRange", command };
  const seed = seedOf(argument);
  return seed === undefined ? { problem: "outOfRange", command } : { wanted: { seed, truncation, prefix } };
}

// Code as Markdown has it; a block that is not closed reaches to the end.
const CODE = /```[\s\S]*?(?:```|$)|`[^`\n]+`/g;

/** A text without the code in which a command is only quoted. What is nothing but code is meant, and loses its marks. */
export function withoutQuotes(text: string, commands: RegExp): string {
  if (text.replace(CODE, "").trim() === "") return text.replaceAll("`", "").trim();
  return text.replace(CODE, (code) => (commands.test(code) ? "" : code));
}

/** Finds one of these words anywhere in a text, inside a longer word too, in any case. */
export function wordPattern(...words: readonly string[]): RegExp {
  return new RegExp(words.map((word) => literal(word)).join("|"), "iu");
}

/** Finds a text that is nothing but one of these words. */
export function wholePattern(words: readonly string[]): RegExp {
  return new RegExp(`^\\s*(?:${words.map((word) => literal(word)).join("|")})[\\s.!]*$`, "iu");
}

function literal(word: string): string {
  return word.replace(/[\^$.*+?()[\]{}|/\\]/g, "\\$&");
}
