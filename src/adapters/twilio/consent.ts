import type { Store } from "../../core/index.ts";
import { type Fields, maybeString, readString } from "../shared/fields.ts";
import { isWhatsApp } from "./render.ts";

const WISHES = ["STOP", "START", "HELP"] as const;
/** What a person wants of us: no message any more, messages again, or to be told what this is. */
type Wish = (typeof WISHES)[number];

const WORDS: Readonly<Record<Wish, readonly string[]>> = {
  STOP: ["STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"],
  START: ["START", "UNSTOP"],
  HELP: ["HELP", "INFO"],
};

/** Who does not want to hear from whom; it outlives a restart. */
export interface Consent {
  /** Does this person not want messages from this sender? */
  isOut(sender: string, person: string): Promise<boolean>;
  optOut(sender: string, person: string): Promise<void>;
  /** @returns whether the message was such a wish, and no business of the plugins */
  obey(fields: Fields): Promise<boolean>;
}

const REMEMBERED = "7d";

export function createConsent(store: Store, options: { readonly passHelp: boolean }): Consent {
  const keyOf = (sender: string, person: string) => `out:${sender}:${person}`;

  async function carryOut(wish: Wish | "maybe START", fields: Fields): Promise<boolean> {
    const person = readString(fields, "From");
    const service = maybeString(fields, "MessagingServiceSid");
    const keys = [readString(fields, "To"), ...(service === undefined ? [] : [service])].map((sender) =>
      keyOf(sender, person),
    );
    if (wish === "HELP") return true;
    if (wish === "STOP") {
      for (const key of keys) await store.set(key, true);
      return true;
    }
    const lifted = await Promise.all(keys.map((key) => store.delete(key)));
    return wish === "START" || lifted.includes(true);
  }

  return {
    isOut: async (sender, person) => (await store.get(keyOf(sender, person))) !== undefined,
    optOut: (sender, person) => store.set(keyOf(sender, person), true),
    async obey(fields) {
      const wish = readWish(fields, options);
      if (wish === undefined) return false;
      // A STOP that comes once more after a START is no second wish.
      const key = `wish:${readString(fields, "MessageSid")}`;
      if ((await store.get(key)) !== undefined) return true;
      const isObeyed = await carryOut(wish, fields);
      if (isObeyed) await store.set(key, wish, { ttl: REMEMBERED });
      return isObeyed;
    },
  };
}

/**
 * The wish in a message; undefined for a message to the plugins. Somebody who has not opted out does not mean START by YES.
 * https://help.twilio.com/articles/223134027
 */
function readWish(fields: Fields, options: { readonly passHelp: boolean }): Wish | "maybe START" | undefined {
  // Twilio has understood it already, perhaps by words of the operator's own.
  const told = WISHES.find((each) => each === maybeString(fields, "OptOutType")?.toUpperCase());
  const said = (maybeString(fields, "Body") ?? "")
    .trim()
    .replace(/[.!]+$/, "")
    .toUpperCase();
  const wish = told ?? (said === "YES" ? "maybe START" : WISHES.find((each) => WORDS[each].includes(said)));
  if (wish !== "HELP") return wish;
  // On WhatsApp Twilio leaves this to us.
  const isAnswered = told !== undefined || !isWhatsApp(maybeString(fields, "From") ?? "");
  return isAnswered && !options.passHelp ? wish : undefined;
}
