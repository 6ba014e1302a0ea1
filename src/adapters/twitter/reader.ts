import type { User } from "../../core/index.ts";
import { type Fields, isFields, malformed, maybeFields, maybeString, readString } from "../shared/fields.ts";

/** Who reads what X sends. */
export interface Reader {
  /** The adapter's name. */
  readonly adapter: string;
  /** The bot's user id. */
  readonly self: string;
}

/** An id: digits in a text. JSON numbers lose the last digits of X's ids, so they are none. @throws HobnobError `WEBHOOK_INVALID` */
export function readId(from: Fields, key: string): string {
  const id = readString(from, key);
  if (/^\d{1,25}$/.test(id)) return id;
  throw malformed(`\`${key}\` is not an id`);
}

/** A time in any of X's notations as ISO 8601. @throws HobnobError `WEBHOOK_INVALID` */
export function readTime(from: Fields, ...keys: readonly string[]): string {
  for (const key of keys) {
    const given = maybeString(from, key);
    if (given === undefined) continue;
    const time = new Date(/^\d+$/.test(given) ? Number(given) : given);
    if (!Number.isNaN(time.getTime())) return time.toISOString();
  }
  throw malformed(`\`${keys[0]}\` is not a time`);
}

/** A user object as it is, or out of the `{ data }` that X wraps some of them in; empty where there is none. */
export function unwrapUser(value: unknown): Fields {
  const given = isFields(value) ? value : {};
  return isFields(given.data) ? given.data : given;
}

/** A person out of a user object of v1.1 or v2. */
export function toUser(id: string, value: unknown): User {
  const user = unwrapUser(value);
  const name = maybeString(user, "name") ?? handleOf(user) ?? id;
  const label = maybeFields(user, "affiliation");
  return { id, name, isBot: label !== undefined && maybeString(label, "description") === "Automated" };
}

/** What stands behind the `@`. */
export function handleOf(user: Fields): string | undefined {
  return maybeString(user, "screen_name") ?? maybeString(user, "username");
}
