import { HobnobError } from "../../core/index.ts";

/** A JSON object of which nothing is known yet. */
export type Fields = Readonly<Record<string, unknown>>;

export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The text in a field. @throws HobnobError `WEBHOOK_INVALID` when there is none */
export function readString(from: Fields, key: string): string {
  const value = from[key];
  if (typeof value !== "string" || value === "") throw malformed(`\`${key}\` is not a text`);
  return value;
}

/** The text in a field; undefined when the field is absent, null or empty. @throws HobnobError `WEBHOOK_INVALID` when it is something else */
export function maybeString(from: Fields, key: string): string | undefined {
  const value = from[key];
  if (value === undefined || value === null || value === "") return undefined;
  if (typeof value !== "string") throw malformed(`\`${key}\` is not a text`);
  return value;
}

/** The object in a field. @throws HobnobError `WEBHOOK_INVALID` when there is none */
export function readFields(from: Fields, key: string): Fields {
  const value = from[key];
  if (!isFields(value)) throw malformed(`\`${key}\` is not an object`);
  return value;
}

/** The object in a field; undefined when the field is absent or null. @throws HobnobError `WEBHOOK_INVALID` when it is something else */
export function maybeFields(from: Fields, key: string): Fields | undefined {
  return from[key] === undefined || from[key] === null ? undefined : readFields(from, key);
}

/** The list in a field, empty when the field is absent or null. @throws HobnobError `WEBHOOK_INVALID` when it is something else */
export function readList(from: Fields, key: string): readonly unknown[] {
  const value = from[key] ?? [];
  if (!Array.isArray(value)) throw malformed(`\`${key}\` is not a list`);
  return value;
}

/** The timestamp in a field, which is also how Slack names a message: `"1800000000.000100"`. @throws HobnobError `WEBHOOK_INVALID` */
export function readTs(from: Fields, key: string): string {
  const ts = readString(from, key);
  if (!/^\d{1,12}(?:\.\d{1,9})?$/.test(ts)) throw malformed(`\`${key}\` is not a timestamp`);
  return ts;
}

/** ISO 8601 of a Slack timestamp, cut (never rounded) to milliseconds. */
export function isoOfTs(ts: string): string {
  const [seconds, fraction = ""] = ts.split(".");
  return new Date(Number(seconds) * 1000 + Number(fraction.slice(0, 3).padEnd(3, "0"))).toISOString();
}

/** A request that is not what Slack sends. `what` names a field, never its value. */
export function malformed(what: string): HobnobError {
  return new HobnobError("WEBHOOK_INVALID", `This is not a request as Slack sends it: ${what}.`, { permanent: true });
}
