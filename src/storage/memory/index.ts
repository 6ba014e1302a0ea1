import type { Storage } from "../../core/index.ts";
import { checkOptions } from "../shared/options.ts";
import { type SqliteOptions, sqlite } from "../sqlite/index.ts";

/**
 * Storage that is gone when the process ends: for tests and for trying things out.
 * It is the SQLite storage without a file, so that a test runs on the very code that a small bot runs on.
 *
 * @example
 * storage: memory()
 */
export function memory(options: Pick<SqliteOptions, "maxWaiting"> = {}): Storage {
  checkOptions("memory", options, { kinds: { maxWaiting: "count" } });
  return sqlite({ ...options, file: ":memory:" });
}
