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

/** ISO 8601 of a Slack timestamp, cut (never rounded) to milliseconds. */
export function isoOfTs(ts: string): string {
  const [seconds, fraction = ""] = ts.split(".");
  return new Date(Number(seconds) * 1000 + Number(fraction.slice(0, 3).padEnd(3, "0"))).toISOString();
}
