import { randomBytes } from "node:crypto";
import type { Client } from "pg";
import { HobnobError } from "../../core/index.ts";
import { readOnly } from "./failure.ts";
import { APPLY } from "./sql/apply.ts";
import { JOBS } from "./sql/jobs.ts";
import { LANES } from "./sql/lanes.ts";
import { REST } from "./sql/rest.ts";
import { TABLES } from "./sql/tables.ts";
import type { Target } from "./target.ts";

/** The schema's history: entry n brings it from version n to n + 1. Entries are never changed once released. */
const MIGRATIONS: readonly string[] = [[TABLES, LANES, JOBS, REST, APPLY].join("\n")];

export const SCHEMA_VERSION: number = MIGRATIONS.length;

const OLDEST_SERVER = 13;

/**
 * Checks the server, makes the schema or brings it to this program's version. Processes that start together take turns.
 * @returns the data's name for ever
 * @throws HobnobError `STORAGE_SERVER`, `STORAGE_READ_ONLY`, `STORAGE_FOREIGN`, `STORAGE_NEWER`
 */
export async function migrate(client: Client, target: Target, to: number = SCHEMA_VERSION): Promise<string> {
  const { schema } = target;
  const { rows } = await client.query<{ version: string; encoding: string; standby: string; readonly: string }>(
    `SELECT current_setting('server_version_num') AS version, current_setting('server_encoding') AS encoding,
      pg_is_in_recovery()::text AS standby, current_setting('default_transaction_read_only') AS readonly`,
  );
  const server = rows[0]!;
  const major = Math.floor(Number(server.version) / 10_000);
  if (major < OLDEST_SERVER) {
    throw new HobnobError(
      "STORAGE_SERVER",
      `The server of ${target.name} is PostgreSQL ${major}. Hobnob needs ${OLDEST_SERVER} or later: upgrade the server.`,
    );
  }
  if (server.encoding !== "UTF8") {
    throw new HobnobError(
      "STORAGE_SERVER",
      `${target.name} has the encoding ${server.encoding}, which cannot hold every text. Create a database with ENCODING 'UTF8'.`,
    );
  }
  if (server.standby === "true" || server.readonly === "on") throw readOnly(target);
  await client.query("BEGIN");
  try {
    // Again, where it cannot get lost: in a pooler, the connection's own setting may belong to another one.
    await client.query(`SET LOCAL search_path = "${schema}"`);
    await client.query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", [`hobnob ${schema}`]);
    const version = await versionOf(client, target);
    if (version > to) {
      throw new HobnobError(
        "STORAGE_NEWER",
        `${target.name} was written by a newer Hobnob (schema ${version}, this one knows ${to}). Upgrade Hobnob, or choose another schema.`,
      );
    }
    if (version === 0) await begin(client, target);
    for (const sql of MIGRATIONS.slice(version, to)) await client.query(sql.replaceAll("__schema__", schema));
    if (version < to) await client.query("UPDATE meta SET value = $1 WHERE key = 'version'", [to]);
    const { rows: names } = await client.query<{ value: string }>("SELECT value FROM meta WHERE key = 'instance'");
    await client.query("COMMIT");
    return names[0]!.value;
  } catch (error) {
    await client.query("ROLLBACK").catch(() => {});
    throw error;
  }
}

// 0: nothing of ours is there.
async function versionOf(client: Client, { schema, name }: Target): Promise<number> {
  const { rows } = await client.query<{ meta: string | null; tables: number }>(
    "SELECT to_regclass($1)::text AS meta, (SELECT count(*) FROM pg_class WHERE relnamespace = to_regnamespace($2)::oid) AS tables",
    [`"${schema}".meta`, `"${schema}"`],
  );
  const found = rows[0]!;
  if (found.tables === 0) return 0;
  const known =
    found.meta === null
      ? []
      : (
          await client
            .query<{ value: string }>("SELECT value FROM meta WHERE key = 'version'")
            .catch(() => ({ rows: [] }))
        ).rows;
  if (known.length > 0) return Number(known[0]!.value);
  throw new HobnobError(
    "STORAGE_FOREIGN",
    `Schema ${schema} of ${name} belongs to another program. Choose another one: ?schema=… behind the storage's URL.`,
  );
}

async function begin(client: Client, { schema }: Target): Promise<void> {
  const { rows } = await client.query<{ there: string | null }>("SELECT to_regnamespace($1)::text AS there", [
    `"${schema}"`,
  ]);
  if (rows[0]!.there === null) await client.query(`CREATE SCHEMA "${schema}"`);
  await client.query("CREATE TABLE meta (key text PRIMARY KEY, value text NOT NULL)");
  await client.query("INSERT INTO meta (key, value) VALUES ('version', '0'), ('next_id', '1'), ('instance', $1)", [
    randomBytes(6).toString("base64url"),
  ]);
}
