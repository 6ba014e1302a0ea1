import type { Store } from "../../core/index.ts";
import { type Fields, maybeString } from "../shared/fields.ts";
import { isWhatsApp } from "./render.ts";

/** What a person wants of us: no message any more, messages again, or to be told what this is. */
export type Wish = "STOP" | "START" | "HELP";

const WORDS: ReadonlyMap<string, Wish> = new Map([
  ...["STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"].map(wish("STOP")),
  ...["START", "UNSTOP"].map(wish("START")),
  ...["HELP", "INFO"].map(wish("HELP")),
]);

/** Who does not want to hear from whom; it outlives a restart. */
export interface Consent {
  /** Does this person not want messages from this sender? */
  isOut(sender: string, person: string): Promise<boolean>;
  optOut(senders: readonly string[], person: string): Promise<void>;
  /** @returns whether there was something to lift */
  optIn(senders: readonly string[], person: string): Promise<boolean>;
}

export function createConsent(store: Store): Consent {
  const key = (sender: string, person: string) => `out:${sender}:${person}`;
  return {
    isOut: async (sender, person) => (await store.get(key(sender, person))) !== undefined,
    async optOut(senders, person) {
      for (const sender of senders) await store.set(key(sender, person), true);
    },
    async optIn(senders, person) {
      const lifted = await Promise.all(senders.map((sender) => store.delete(key(sender, person))));
      return lifted.includes(true);
    },
  };
}

/**
 * The wish in a message; undefined for a message to the plugins. Somebody who has not opted out does not mean START by YES.
 * https://help.twilio.com/articles/223134027
 */
export function readWish(fields: Fields, options: { readonly passHelp: boolean }): Wish | "maybe START" | undefined {
  // Twilio has understood it already, perhaps by words of the operator's own.
  const told = maybeString(fields, "OptOutType")?.toUpperCase();
  const said = (maybeString(fields, "Body") ?? "")
    .trim()
    .replace(/[.!]+$/, "")
    .toUpperCase();
  const known = told === "STOP" || told === "START" || told === "HELP" ? told : undefined;
  const wish = known ?? (said === "YES" ? "maybe START" : WORDS.get(said));
  if (wish !== "HELP") return wish;
  // On WhatsApp Twilio leaves this to us.
  const isAnswered = known !== undefined || !isWhatsApp(maybeString(fields, "From") ?? "");
  return isAnswered && !options.passHelp ? wish : undefined;
}

function wish(kind: Wish): (word: string) => [string, Wish] {
  return (word) => [word, kind];
}
