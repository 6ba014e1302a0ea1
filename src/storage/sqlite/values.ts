import type { DatabaseSync } from "node:sqlite";
import type { KeyValues } from "../../core/index.ts";
import { fromText, toText } from "../shared/text.ts";
import type { Writer } from "./writer.ts";

/** Plugin and adapter state in the same file, through the same group commit. */
export function createValues(db: DatabaseSync, push: Writer["push"], mend: (error: unknown) => Error): KeyValues {
  const select = db.prepare("SELECT value FROM value WHERE key = ?");
  const upsert = db.prepare(
    "INSERT INTO value (key, value, until) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value, until = excluded.until",
  );
  const remove = db.prepare("DELETE FROM value WHERE key = ?");
  const scan = db.prepare("SELECT key FROM value WHERE key > ? ORDER BY key LIMIT 100");
  const read = (key: string) => (select.get(toText(key)) as { value: string } | undefined)?.value;

  function write<T>(act: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      let result: { readonly value: T } | { readonly error: unknown };
      push({
        run() {
          // What the caller's own function throws is the caller's: it must not roll back its neighbours.
          try {
            result = { value: act() };
          } catch (error) {
            if ((error as { code?: unknown }).code === "ERR_SQLITE_ERROR") throw error;
            result = { error };
          }
        },
        done: () => ("value" in result ? resolve(result.value) : reject(result.error)),
        failed: (error) => reject(mend(error)),
      });
    });
  }

  async function* scanKeys(prefix: string): AsyncGenerator<string> {
    // The scan begins behind the prefix itself.
    if (read(prefix) !== undefined) yield prefix;
    let last = toText(prefix);
    for (;;) {
      const rows = scan.all(last) as unknown as readonly { key: string }[];
      for (const { key } of rows) {
        if (!key.startsWith(toText(prefix))) return;
        yield fromText(key);
      }
      if (rows.length < 100) return;
      last = rows[rows.length - 1]!.key;
    }
  }

  return {
    async get(key) {
      try {
        return read(key);
      } catch (error) {
        throw mend(error);
      }
    },
    set: (key, value, until) => write(() => void upsert.run(toText(key), value, until ?? null)),
    delete: (key) => write(() => remove.run(toText(key)).changes > 0),
    update: (key, change, until) =>
      write(() => {
        const next = change(read(key));
        if (next === undefined) remove.run(toText(key));
        else upsert.run(toText(key), next, until ?? null);
        return next;
      }),
    async *keys(prefix) {
      try {
        yield* scanKeys(prefix);
      } catch (error) {
        throw mend(error);
      }
    },
  };
}
