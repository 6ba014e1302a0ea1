import type { Command, Message } from "../../core/index.ts";
import { MOST_DAYS, type Options } from "./options.ts";

/** What somebody wants listed: threads of a kind, silent for `from` to `to` days. */
export type Question = Pick<Options, "from" | "to" | "which">;

/**
 * What `stale threads [asked|mine] [from] [to]` asks for; what is not said is as the options have it.
 * `"bad window"` for numbers that are no time, undefined for other words.
 */
export function readQuestion(args: string, usual: Question): Question | "bad window" | undefined {
  const match = /^(?:(asked|mine)\b)?\s*(.*)$/is.exec(args.trim());
  const which = (match?.[1]?.toLowerCase() ?? usual.which) as Question["which"];
  const words = match?.[2]?.split(/\s+/).filter((word) => word !== "") ?? [];
  if (!words.every((word) => /^[-+]?\d+(?:[.,]\d+)?d?$/i.test(word))) return undefined;
  const [from = usual.from, to = usual.to] = words.map((word) => Number(word.replace(/d$/i, "")));
  const isWindow = words.length <= 2 && [from, to].every(isDays) && from <= to;
  return isWindow ? { which, from, to } : "bad window";
}

/** The text after the command. */
export function argsOf(event: Message | Command, command: RegExp): string {
  return event.kind === "command" ? event.text : event.text.trim().replace(/^\//, "").replace(command, "");
}

/** The first web address in a text. */
export function linkIn(text: string): string | undefined {
  return /https?:\/\/[^\s<>()[\]"]+/i.exec(text)?.[0];
}

const isDays = (days: number) => Number.isInteger(days) && days >= 0 && days <= MOST_DAYS;
