import { type Fields, malformed, readString } from "../shared/fields.ts";

/** Does this name a message? The id of a command or a pressed button, for one, does not. */
export function isTs(id: string): boolean {
  return /^\d{1,12}(?:\.\d{1,9})?$/.test(id);
}

/** The timestamp in a field, which is also how Slack names a message: `"1800000000.000100"`. @throws HobnobError `WEBHOOK_INVALID` */
export function readTs(from: Fields, key: string): string {
  const ts = readString(from, key);
  if (!isTs(ts)) throw malformed(`\`${key}\` is not a timestamp`);
  return ts;
}

// Messages come many to the second, and to write out a date takes longer than the rest of reading one.
let latest = { seconds: "0", iso: "1970-01-01T00:00:00." };

/** ISO 8601 of a Slack timestamp, cut (never rounded) to milliseconds. */
export function isoOfTs(ts: string): string {
  const dot = ts.indexOf(".");
  const seconds = dot < 0 ? ts : ts.slice(0, dot);
  if (seconds !== latest.seconds) {
    latest = { seconds, iso: new Date(Number(seconds) * 1000).toISOString().slice(0, -4) };
  }
  return `${latest.iso}${dot < 0 ? "000" : ts.slice(dot + 1, dot + 4).padEnd(3, "0")}Z`;
}
