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
  return async (fields) => {
    const id = readString(fields, "MessageSid");
    const status = readString(fields, "MessageStatus");
    const rank = RANKS.get(status);
    const key = `status:${id}`;
    const isNewer = (than: string | undefined) => rank !== undefined && rank > (RANKS.get(than ?? "") ?? -1);
    if (!isNewer(await store.get<string>(key))) return;
    const isFailure = status === "failed" || status === "undelivered";
    // Before it counts as known: what fails here comes again.
    if (isFailure) await obey(fields);
    let isNews = false;
    // Two at once, here or in two processes, must not go back.
    await store.update<string>(
      key,
      (before) => {
        isNews = isNewer(before);
        return isNews ? status : before;
      },
      { ttl: KEPT },
    );
    if (isFailure && isNews) complain(id, status, fields);
  };

  async function obey(fields: Fields): Promise<void> {
    const sender = maybeString(fields, "From");
    if (codeOf(fields) !== OPTED_OUT || sender === undefined) return;
    await consent.optOut(sender, readString(fields, "To"));
  }

  function complain(message: string, status: string, fields: Fields): void {
    const code = codeOf(fields);
    const remedy = meaningOf(code)?.remedy;
    log.warn(
      { adapter, message, status, code, to: mask(readString(fields, "To")), ...(remedy !== undefined && { remedy }) },
      "a message was not delivered",
    );
  }
}

const codeOf = (fields: Fields) => Number(maybeString(fields, "ErrorCode") ?? 0);

/** A number that may stand in a log: `whatsapp:…1111`. */
export function mask(address: string): string {
  return address.replace(/\+?\d+(?=\d{4}$)/, "…");
}
