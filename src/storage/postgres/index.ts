import type { Duration, Storage } from "../../core/index.ts";
import { createFleetStorage } from "../fleet/index.ts";
import { checkOptions } from "../shared/options.ts";
import { createPostgresBackend } from "./backend.ts";
import { parseTarget } from "./target.ts";

export interface PostgresOptions {
  /** `postgres://user:password@host:5432/database`; what else the connection needs (`sslmode`) behind a question mark. */
  readonly url: string;
  /** The schema that holds the tables; made when it is not there. Also `?schema=` in the URL. @default "hobnob" */
  readonly schema?: string;
  /** How long a process may be silent before the others take over its jobs. @default "5s" */
  readonly lease?: Duration;
  /** Jobs that may wait before further events are refused (and the platform sends them again). @default 1_000_000 */
  readonly maxWaiting?: number;
}

/**
 * Durable storage in a Postgres database that many processes share; needs PostgreSQL 13 or newer, a user that may create a
 * schema, and the package `pg`.
 * @throws HobnobError `STORAGE_URL` for a URL that is none, `CONFIG_INVALID` for another option that does not fit
 *
 * @example
 * storage: postgres({ url: "postgres://bot:secret@localhost:5432/bot" })
 */
export function postgres(options: PostgresOptions): Storage {
  checkOptions("postgres", options, {
    kinds: { url: "text", schema: "text", lease: "any", maxWaiting: "count" },
    needed: ["url", "postgres://user:password@host:5432/database"],
  });
  const { url, schema, lease, maxWaiting } = options;
  const target = parseTarget(url, schema);
  return createFleetStorage({
    ...{ name: target.name, lease, maxWaiting },
    connect: (log) => createPostgresBackend(target, (code, sentence) => log.warn({ code }, sentence)),
  });
}
