import { HobnobError, type StoredRecord } from "../../core/index.ts";

/** How many records of each kind a storage has. */
export type Holdings = Readonly<Record<Exclude<StoredRecord["kind"], "data">, number>>;

const WORDS: Readonly<Record<keyof Holdings, readonly [one: string, many: string]>> = {
  job: ["job", "jobs"],
  dead: ["dead letter", "dead letters"],
  seen: ["dedupe record", "dedupe records"],
  value: ["value of plugins or adapters", "values of plugins or adapters"],
  count: ["line of the ledger", "lines of the ledger"],
  doubt: ["post in doubt", "posts in doubt"],
};

/**
 * Data is moved only to where there is none: two histories cannot be told apart afterwards.
 * @throws HobnobError `STORAGE_NOT_EMPTY`
 */
export function assertEmpty(name: string, held: Holdings): void {
  const found = (Object.keys(WORDS) as (keyof Holdings)[])
    .filter((kind) => held[kind] > 0)
    .map((kind) => `${held[kind]} ${WORDS[kind][held[kind] === 1 ? 0 : 1]}`);
  if (found.length === 0) return;
  throw new HobnobError(
    "STORAGE_NOT_EMPTY",
    `${name} holds other data already (${found.join(", ")}). Move to an empty one: a new file, schema, database or prefix; or delete what is there first.`,
  );
}

/** A part of what was acknowledged is elsewhere: a bot on it would answer twice, or never. */
export function unfinished(name: string): HobnobError {
  return new HobnobError(
    "STORAGE_UNFINISHED",
    `${name} holds a part of other data: a move to it broke off. Run the same \`hobnob migrate\` again, which goes on where it stopped.`,
  );
}
