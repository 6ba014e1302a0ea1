import type { Client, ClientConfig, Pool, PoolConfig } from "pg";
import { HobnobError } from "../../core/index.ts";
import type { Target } from "./target.ts";

export type Pg = Pick<typeof import("pg"), "Client" | "Pool">;

const CONNECT_MS = 3_000;
const ANSWER_MS = 15_000;
const NUMBERS = new Set([20, 21, 23]);

// Plans are made once and kept, perhaps while the tables are empty: only those that go by an index stay good. The server
// gives up before the client does, so that a broken connection holds its locks no longer.
const SETTINGS = `SET statement_timeout = 14000; SET lock_timeout = 0; SET default_transaction_isolation = 'read committed';
SET client_min_messages = warning`;
const PLANS = `SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET enable_bitmapscan = off;
SET enable_hashjoin = off; SET enable_mergejoin = off; SET jit = off; SET max_parallel_workers_per_gather = 0`;
// Stored before acknowledged, whatever the server's default is; a stricter one (remote_apply) stays.
const DURABLE = `SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'`;

/** @throws HobnobError `STORAGE_PACKAGE` */
export async function loadPg(): Promise<Pg> {
  try {
    return (await import("pg")).default;
  } catch (error) {
    throw new HobnobError(
      "STORAGE_PACKAGE",
      "The Postgres storage needs the package pg, which is not there. Install it: npm install pg",
      { cause: error },
    );
  }
}

/** A connection of its own, ready to use. `lost` is called once when it breaks. */
export async function connect(pg: Pg, target: Target, lost: () => void, forBatches: boolean): Promise<Client> {
  const client = new pg.Client(configOf(target));
  client.on("error", () => {});
  client.once("end", lost);
  try {
    await within(client, CONNECT_MS, client.connect());
    await within(client, ANSWER_MS, client.query(settingsOf(target, forBatches)));
    return client;
  } catch (error) {
    destroy(client);
    throw error;
  }
}

/** Some connections for reads. */
export function createPool(pg: Pg, target: Target): Pool {
  const pool = new pg.Pool({
    ...configOf(target),
    max: 3,
    idleTimeoutMillis: 30_000,
    query_timeout: ANSWER_MS,
    allowExitOnIdle: true,
    onConnect: async (client) => void (await client.query(settingsOf(target, false))),
  } satisfies PoolConfig);
  pool.on("error", () => {});
  return pool;
}

/** Waits for an answer; without one the connection is of no use any more. */
export async function within<T>(client: Client, ms: number, answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      destroy(client);
      reject(new Error(`no answer within ${ms / 1000} seconds`));
    }, ms);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
    answer.catch(() => {});
  }
}

/** Waits no longer than a statement may take. */
export const answered = <T>(client: Client, answer: Promise<T>): Promise<T> => within(client, ANSWER_MS, answer);

/** Lets go of a connection without a farewell: nobody may be there to hear it. */
export function destroy(client: Client): void {
  (client as unknown as { readonly connection: { readonly stream: { destroy(): void } } }).connection.stream.destroy();
}

function configOf({ url }: Target): ClientConfig {
  return {
    connectionString: url,
    application_name: "hobnob",
    connectionTimeoutMillis: CONNECT_MS,
    keepAlive: true,
    types: { getTypeParser: (oid: number) => (NUMBERS.has(oid) ? Number : (value: unknown) => value) },
  } as ClientConfig;
}

function settingsOf({ schema }: Target, forBatches: boolean): string {
  return [SETTINGS, `SET search_path = "${schema}"`, DURABLE, ...(forBatches ? [PLANS] : [])].join("; ");
}
