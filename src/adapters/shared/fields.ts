import { HobnobError } from "../../core/index.ts";

/** A JSON object, or a form, of which nothing is known yet. */
export type Fields = Readonly<Record<string, unknown>>;

export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The text in a field. @throws HobnobError `WEBHOOK_INVALID` when there is none */
export function readString(from: Fields, key: string): string {
  const value = own(from, key);
  if (typeof value !== "string" || value === "") throw malformed(`\`${key}\` is not a text`);
  return value;
}

/** The text in a field; undefined when the field is absent, null or empty. @throws HobnobError `WEBHOOK_INVALID` when it is something else */
export function maybeString(from: Fields, key: string): string | undefined {
  const value = own(from, key);
  if (value === undefined || value === null || value === "") return undefined;
  if (typeof value !== "string") throw malformed(`\`${key}\` is not a text`);
  return value;
}

/** The object in a field. @throws HobnobError `WEBHOOK_INVALID` when there is none */
export function readFields(from: Fields, key: string): Fields {
  const value = own(from, key);
  if (!isFields(value)) throw malformed(`\`${key}\` is not an object`);
  return value;
}

/** The object in a field; undefined when the field is absent or null. @throws HobnobError `WEBHOOK_INVALID` when it is something else */
export function maybeFields(from: Fields, key: string): Fields | undefined {
  return (own(from, key) ?? undefined) === undefined ? undefined : readFields(from, key);
}

/** The list in a field, empty when the field is absent or null. @throws HobnobError `WEBHOOK_INVALID` when it is something else */
export function readList(from: Fields, key: string): readonly unknown[] {
  const value = own(from, key) ?? [];
  if (!Array.isArray(value)) throw malformed(`\`${key}\` is not a list`);
  return value;
}

/** A request that is not what the platform sends. `what` names a field, never its value. */
export function malformed(what: string): HobnobError {
  return new HobnobError("WEBHOOK_INVALID", `This is not a request as the platform sends it: ${what}.`, {
    permanent: true,
  });
}

// A field called `constructor` is absent unless it was sent.
function own(from: Fields, key: string): unknown {
  const value = from[key];
  return value === undefined || Object.hasOwn(from, key) ? value : undefined;
}
