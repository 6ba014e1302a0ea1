import { randomBytes } from "node:crypto";
import type { Client, Pool } from "pg";
import { errorCode, HobnobError } from "../../core/index.ts";
import { type Backend, type Outcome, UnreachableError } from "../fleet/index.ts";
import { APPLY_STATEMENT, type AppliedRow, toOutcome, toValues } from "./batch.ts";
import { answered, connect, createPool, destroy, loadPg, type Pg } from "./connect.ts";
import { createTransfer } from "./dump.ts";
import { isCollision, toFailure, toOpenFailure } from "./failure.ts";
import { type Listener, listen } from "./listener.ts";
import { createReads, type Query } from "./reads.ts";
import { migrate } from "./schema.ts";
import { sweep } from "./sweep.ts";
import type { Target } from "./target.ts";

// Locks are taken in one order, so collisions are rare; after so many in a row something else is wrong.
const MOST_COLLISIONS = 5;

/** The tables of a Postgres server as a fleet's storage: batches on a connection of their own, reads on some others. */
export function createPostgresBackend(
  target: Target,
  warn: (code: string, sentence: string) => void = () => {},
): Backend {
  const self = randomBytes(9).toString("base64url");
  let pg: Pg | undefined;
  let client: Client | undefined;
  let connecting: Promise<Client> | undefined;
  let pool: Pool | undefined;
  let listener: Listener | undefined;
  let isClosed = true;

  const closed = () =>
    new HobnobError("STORAGE_CLOSED", `${target.name} is closed. The bot is stopping or was not started.`);

  /** The connection for batches; a new one after the last broke. */
  async function batches(): Promise<Client> {
    if (isClosed) throw closed();
    if (client !== undefined) return client;
    connecting ??= connect(pg!, target, () => {}, true).finally(() => {
      connecting = undefined;
    });
    const mine = await connecting;
    if (isClosed) {
      destroy(mine);
      throw closed();
    }
    mine.once("end", () => forget(mine));
    client = mine;
    return mine;
  }

  function forget(broken: Client) {
    if (client === broken) client = undefined;
  }

  async function ask<Row extends object>(
    sql: string,
    values: readonly unknown[],
    name?: string,
  ): Promise<readonly Row[]> {
    let mine: Client | undefined;
    try {
      mine = await batches();
      const config = { text: sql, values: [...values], ...(name === undefined ? {} : { name }) };
      return (await answered(mine, mine.query<Row & Record<string, unknown>>(config))).rows;
    } catch (error) {
      const failure = toFailure(target, error);
      // After a change of the primary, the same name leads to another server.
      const isLost = failure instanceof UnreachableError || errorCode(failure) === "STORAGE_READ_ONLY";
      if (mine !== undefined && isLost) {
        forget(mine);
        destroy(mine);
      }
      throw failure;
    }
  }

  async function checkDurability() {
    const [row] = await ask<{ fsync: string }>("SELECT current_setting('fsync') AS fsync", []);
    if (row?.fsync !== "off") return;
    const sentence = `${target.name} has fsync = off: what was acknowledged may be lost when its machine stops. Set fsync = on.`;
    warn("STORAGE_NOT_DURABLE", sentence);
  }

  const read: Query = async <Row extends object>(sql: string, values: readonly unknown[] = []) => {
    if (pool === undefined) throw closed();
    try {
      return (await pool.query<Row & Record<string, unknown>>(sql, [...values])).rows as readonly Row[];
    } catch (error) {
      throw toFailure(target, error);
    }
  };

  return {
    async open(wake) {
      pg = await loadPg();
      isClosed = false;
      try {
        const first = await connect(pg, target, () => {}, false);
        const instance = await migrate(first, target).finally(() => first.end());
        listener = await listen({
          ...{ pg, target, self, wake },
          notify: async (payload) => void (await ask("SELECT pg_notify($1, $2)", [target.schema, payload])),
        });
        pool = createPool(pg, target);
        await checkDurability();
        return instance;
      } catch (error) {
        await close();
        throw toOpenFailure(target, error instanceof UnreachableError ? (error.cause ?? error) : error);
      }
    },
    async apply(batch): Promise<Outcome> {
      const values = toValues(batch, self);
      for (let collisions = 0; ; collisions++) {
        try {
          return toOutcome(await ask<AppliedRow>(APPLY_STATEMENT, values, "apply"));
        } catch (error) {
          if (collisions >= MOST_COLLISIONS || !isCollision((error as Error).cause)) throw error;
        }
      }
    },
    async reserveIds(count) {
      const rows = await read<{ next: number }>(
        "UPDATE meta SET value = (value::bigint + $1)::text WHERE key = 'next_id' RETURNING value::bigint - $1 AS next",
        [count],
      );
      return rows[0]!.next;
    },
    ...createReads(read),
    ...createTransfer(read, (sql, values = []) => ask(sql, values)),
    sweep: (now) => sweep(read, now),
    close,
  };

  async function close() {
    isClosed = true;
    listener?.close();
    const [mine, reads] = [client, pool];
    client = pool = listener = undefined;
    await Promise.allSettled([mine?.end(), reads?.end()]);
  }
}
