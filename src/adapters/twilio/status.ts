import type { Log, Store } from "../../core/index.ts";
import { type Fields, maybeString, readString } from "../shared/fields.ts";
import type { Consent } from "./consent.ts";
import { meaningOf, OPTED_OUT } from "./failure.ts";

/** How far each status is on the way; they come in any order, and some twice. https://www.twilio.com/docs/messaging/api/message-resource#message-status-values */
const RANKS: ReadonlyMap<string, number> = new Map([
  ["accepted", 0],
  ["scheduled", 0],
  ["queued", 1],
  ["sending", 2],
  ["sent", 3],
  ["delivered", 4],
  ["partially_delivered", 4],
  ["undelivered", 4],
  ["failed", 4],
  ["canceled", 4],
  ["read", 5],
]);
const KEPT = "3d";

/** Takes what Twilio tells of the fate of a message; a message that was not delivered is logged once, with what can be done. */
export function createStatuses({
  adapter,
  store,
  log,
  consent,
}: {
  readonly adapter: string;
  readonly store: Store;
  readonly log: Log;
  readonly consent: Consent;
}): (fields: Fields) => Promise<void> {
  let last: Promise<unknown> = Promise.resolve();

  async function note(fields: Fields): Promise<void> {
    const id = readString(fields, "MessageSid");
    const status = readString(fields, "MessageStatus");
    const rank = RANKS.get(status);
    const key = `status:${id}`;
    const before = RANKS.get((await store.get<string>(key)) ?? "") ?? -1;
    if (rank === undefined || rank <= before) return;
    if (status === "failed" || status === "undelivered") await complain(id, status, fields);
    await store.set(key, status, { ttl: KEPT });
  }

  async function complain(message: string, status: string, fields: Fields): Promise<void> {
    const code = Number(maybeString(fields, "ErrorCode") ?? 0);
    const person = readString(fields, "To");
    const sender = maybeString(fields, "From");
    if (code === OPTED_OUT && sender !== undefined) await consent.optOut(sender, person);
    const remedy = meaningOf(code)?.remedy;
    log.warn(
      { adapter, message, status, code, to: mask(person), ...(remedy !== undefined && { remedy }) },
      "a message was not delivered",
    );
  }

  // One after another: two at once could go back.
  return (fields) => {
    const noted = last.then(() => note(fields));
    last = noted.catch(() => {});
    return noted;
  };
}

/** A number that may stand in a log: `whatsapp:…1111`. */
export function mask(address: string): string {
  return address.replace(/\+?\d+(?=\d{4}$)/, "…");
}
