import { randomBytes } from "node:crypto";
import { type Doubt, HobnobError, type LedgerLine } from "../../core/index.ts";
import { type Backend, UnreachableError } from "../fleet/index.ts";
import { inspect, LoadingError, probe, type Warning } from "./checks.ts";
import { createConnection } from "./connection.ts";
import { createTransfer } from "./dump.ts";
import { type Answer, decodeOutcome, encodeBatch, idText } from "./encode.ts";
import { parseLedger } from "./ledger.ts";
import { parseDead, parseJob } from "./record.ts";
import { APPLY } from "./script-apply.ts";
import { DEAD_GET, DEAD_LIST, ENTER, JOBS, LEDGER, SESSIONS, SWEEP } from "./script-reads.ts";
import { listen } from "./subscriber.ts";
import type { Target } from "./target.ts";

export interface RedisBackendOptions {
  readonly target: Target;
  /** `none`: what was acknowledged may be lost when Redis stops. */
  readonly durability: "aof" | "none";
  warn(code: Warning["code"], sentence: string): void;
}

const SCHEMA_VERSION = "1";
const PAGE = 200;
// After a start, Redis reads all its data before it answers.
const LOADING_MS = 120_000;
const LOOK_AGAIN_MS = 250;

/** A fleet's data in one Redis: every act is one script, every key stands behind one prefix. */
export function createRedisBackend({ target, durability, warn }: RedisBackendOptions): Backend {
  const { name, prefix } = target;
  const key = (rest: string) => `{${prefix}}:${rest}`;
  let instance: string | undefined;
  let self = "";
  let stopListening: (() => void) | undefined;

  const connection = createConnection(target, async (commands) => {
    const server = await inspect(target, commands, durability);
    if (instance === undefined) {
      await probe(target, commands);
      for (const { code, sentence } of server.warnings) warn(code, sentence);
    }
    const fresh = randomBytes(6).toString("base64url");
    const [schema, found] = await commands.run<[string, string]>(ENTER, [fresh, server.runId]);
    if (schema !== SCHEMA_VERSION) {
      throw new HobnobError(
        "STORAGE_NEWER",
        `${name} was written by a newer Hobnob (schema ${schema}, this one knows ${SCHEMA_VERSION}). Upgrade Hobnob, or choose another prefix.`,
      );
    }
    if (instance !== undefined && found !== instance) {
      throw new UnreachableError(
        `${name} has other data than at the start (${found} in place of ${instance}). Bring the data back, or start this process again.`,
      );
    }
    instance = found;
  });

  async function connect() {
    for (const giveUp = performance.now() + LOADING_MS; ; ) {
      try {
        return await connection.open();
      } catch (error) {
        if (!(error instanceof UnreachableError)) throw error;
        if (!(error instanceof LoadingError) || performance.now() > giveUp) {
          throw new HobnobError(
            "STORAGE_UNREACHABLE",
            `${error.message.replace(/\.$/, "")}. Check that Redis runs, and host and port in the URL (rediss:// where it speaks TLS).`,
            { cause: error },
          );
        }
        await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
      }
    }
  }

  return {
    async open(wake) {
      await connect();
      stopListening = await listen(target, key("wake"), (session) => {
        if (session !== self) wake();
      });
      return instance!;
    },
    async apply(batch) {
      self = batch.session;
      return decodeOutcome(await connection.run<Answer>(APPLY, encodeBatch(batch)));
    },
    async reserveIds(count) {
      return (await connection.call<number>("HINCRBY", key("meta"), "ids", String(count))) - count + 1;
    },
    async sessions() {
      const flat = await connection.run<string[]>(SESSIONS, []);
      return chunks(flat, 3).map(([id, beats, info]) => ({ id: id!, beats: Number(beats), info: info! }));
    },
    async jobs(limit) {
      const flat = limit < 1 ? [] : await connection.run<(string | string[])[]>(JOBS, [String(limit)]);
      return chunks(flat, 5).map(([id, job, more, state, heldUntil]) => {
        const isRunning = state === "running";
        const {
          steps: _,
          payload: __,
          ...record
        } = parseJob(id as string, job as string, more as string[], isRunning ? 1 : 0);
        return {
          ...record,
          state: state as "waiting" | "running" | "delayed" | "retrying",
          heldUntil: Number(heldUntil),
        };
      });
    },
    async deadList(limit) {
      const flat = limit < 1 ? [] : await connection.run<(string | string[])[]>(DEAD_LIST, [String(limit)]);
      return chunks(flat, 3).map(([id, job, more]) => parseDead(id as string, job as string, more as string[]));
    },
    async deadGet(id) {
      const [found, job, more] = await connection.run<(string | string[])[]>(DEAD_GET, [idText(id)]);
      return found === undefined ? undefined : parseDead(found as string, job as string, more as string[]);
    },
    async ledger(): Promise<readonly LedgerLine[]> {
      return parseLedger(await connection.run<[string[], (string | number)[]]>(LEDGER, []));
    },
    async doubts(limit) {
      const texts = limit < 1 ? [] : await connection.call<string[]>("LRANGE", key("doubts"), "0", String(limit - 1));
      return texts.map((text): Doubt => {
        const [at, job, adapter, plugin, step, outcome] = JSON.parse(text) as [
          number,
          string,
          string,
          string,
          string,
          Doubt["outcome"],
        ];
        return { at, job, adapter, plugin, step, outcome };
      });
    },
    async get(of) {
      return (await connection.call<string | null>("HGET", key("values"), of)) ?? undefined;
    },
    async *keys(begin) {
      let from = `[${begin}`;
      for (;;) {
        const page = await connection.call<string[]>(
          "ZRANGEBYLEX",
          key("values:keys"),
          from,
          "+",
          "LIMIT",
          "0",
          String(PAGE),
        );
        for (const found of page) {
          if (!found.startsWith(begin)) return;
          yield found;
        }
        if (page.length < PAGE) return;
        from = `(${page[page.length - 1]}`;
      }
    },
    ...createTransfer({
      ...{ run: connection.run, call: connection.call, key, instance: () => instance! },
      renamed(to) {
        instance = to;
      },
    }),
    async sweep(now) {
      return (await connection.run<number>(SWEEP, [String(now)])) === 1;
    },
    async close() {
      stopListening?.();
      connection.close();
    },
  };
}

function chunks<T>(flat: readonly T[], size: number): T[][] {
  const rows: T[][] = [];
  for (let at = 0; at < flat.length; at += size) rows.push(flat.slice(at, at + size));
  return rows;
}
