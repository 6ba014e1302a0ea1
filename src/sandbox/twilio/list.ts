import type { App, SmsMessage } from "./exchange.ts";
import { type Json, VERSION, wireMessage } from "./wire.ts";

const DEFAULT_PAGE = 50;
const LARGEST_PAGE = 1000;
const DAY = 86_400_000;

/** A page of an account's messages, newest first. https://www.twilio.com/docs/messaging/api/message-resource#read-multiple-message-resources */
export function listMessages(
  newestFirst: readonly SmsMessage[],
  app: App,
  values: Readonly<Record<string, unknown>>,
): Json {
  const text = (name: string) => (typeof values[name] === "string" && values[name] !== "" ? values[name] : undefined);
  const wanted = newestFirst.filter(
    ({ to, from, status, at }) =>
      (text("To") ?? to) === to &&
      (text("From") ?? from) === from &&
      fitsDate({ on: text("DateSent"), before: text("DateSent<"), after: text("DateSent>") }, status, at),
  );
  const size = Math.min(Number(text("PageSize") ?? DEFAULT_PAGE) || DEFAULT_PAGE, LARGEST_PAGE);
  const page = Number(text("Page") ?? 0) || 0;
  const start = page * size;
  const messages = wanted.slice(start, start + size);
  const uriOf = (number: number) => {
    const query = new URLSearchParams();
    for (const name of ["To", "From", "DateSent", "DateSent<", "DateSent>"]) {
      const value = text(name);
      if (value !== undefined) query.set(name, value);
    }
    query.set("PageSize", String(size));
    query.set("Page", String(number));
    return `/${VERSION}/Accounts/${app.accountSid}/Messages.json?${query}`;
  };
  return {
    messages: messages.map((message) => wireMessage(message, app)),
    page,
    page_size: size,
    start,
    end: start + Math.max(messages.length - 1, 0),
    uri: uriOf(page),
    first_page_uri: uriOf(0),
    next_page_uri: start + size < wanted.length ? uriOf(page + 1) : null,
    previous_page_uri: page > 0 ? uriOf(page - 1) : null,
  };
}

/** Days in UTC, the ends included. What waits to be sent has no date yet. */
function fitsDate(
  {
    on,
    before,
    after,
  }: { readonly on?: string | undefined; readonly before?: string | undefined; readonly after?: string | undefined },
  status: SmsMessage["status"],
  at: number,
): boolean {
  if (on === undefined && before === undefined && after === undefined) return true;
  if (status === "queued") return false;
  const day = (text: string) => Math.floor(Date.parse(text) / DAY);
  const sent = Math.floor(at / DAY);
  return (
    (on === undefined || day(on) === sent) &&
    (before === undefined || sent <= day(before)) &&
    (after === undefined || sent >= day(after))
  );
}
