import type { StoredRecord } from "../../core/index.ts";
import type { Backend, JobRecord } from "../fleet/index.ts";
import type { Connection } from "./connection.ts";
import { parseLedger } from "./ledger.ts";
import { encodeLoad } from "./load.ts";
import { parseDead, parseJob } from "./record.ts";
import { DEAD, DELAYED, FIRST_OF_LANE, HEADS, LANE, LEFT, LOAD, SIZES, VALUES } from "./script-dump.ts";
import { LEDGER } from "./script-reads.ts";

export interface TransferOptions {
  readonly run: Connection["run"];
  readonly call: Connection["call"];
  key(rest: string): string;
  /** The data's present name. */
  instance(): string;
  /** The data has got another name. */
  renamed(instance: string): void;
}

type Answer = readonly (string | number | readonly string[])[];

const PAGE = 200;
const KEEP_MS = 72 * 3_600_000 + 60_000;

/** All data of a prefix on its way to another storage, or from one. */
export function createTransfer(options: TransferOptions): Pick<Backend, "holdings" | "dump" | "load"> {
  const { run, call, key, instance, renamed } = options;

  async function ledger() {
    return parseLedger(await run<[string[], (string | number)[]]>(LEDGER, []));
  }

  async function* inLanes(): AsyncGenerator<StoredRecord> {
    for (const line of await call<string[]>("SMEMBERS", key("lines"))) {
      for (let place = 0; ; place += PAGE) {
        const [looked, ...lanes] = await run<[number, ...Answer[]]>(HEADS, [line, String(place), String(PAGE)]);
        for (const [lane, length, held, ...first] of lanes) {
          let heldUntil = Number(held);
          yield* jobsOf(first, heldUntil);
          for (let from = FIRST_OF_LANE; from < Number(length); from += PAGE) {
            heldUntil = 0;
            yield* jobsOf(await run<Answer>(LANE, [lane as string, String(from), String(PAGE)]), heldUntil);
          }
        }
        if (looked < PAGE) break;
      }
    }
  }

  async function* delayed(): AsyncGenerator<StoredRecord> {
    for (let place = 0; ; place += PAGE) {
      const [looked, ...found] = await run<[number, ...Answer]>(DELAYED, [String(place), String(PAGE)]);
      yield* jobsOf(found, 0);
      if (looked < PAGE) return;
    }
  }

  async function* dead(): AsyncGenerator<StoredRecord> {
    for (let place = 0; ; place += PAGE) {
      const found = await run<Answer>(DEAD, [String(place), String(PAGE)]);
      for (const [id, job, more] of threes(found)) {
        const { diedAt } = parseDead(id as string, job as string, more as string[]);
        const { runAt: _, ...record } = parseJob(id as string, job as string, more as string[], 0);
        yield { kind: "dead", ...storedJob(record), diedAt };
      }
      if (found.length < PAGE * 3) return;
    }
  }

  async function* digests(): AsyncGenerator<readonly string[]> {
    const prefix = key("seen:");
    for (let cursor = "0"; ; ) {
      const [next, keys] = await call<[string, string[]]>("SCAN", cursor, "MATCH", `${prefix}*`, "COUNT", "1000");
      if (keys.length > 0) yield keys.map((found) => found.slice(prefix.length));
      if (next === "0") return;
      cursor = next;
    }
  }

  async function* seen(now: number): AsyncGenerator<StoredRecord> {
    for await (const found of digests()) {
      const left = await run<number[]>(LEFT, found);
      for (const [index, digest] of found.entries()) {
        const rest = left[index]!;
        if (rest !== -2) yield { kind: "seen", digest, at: rest === -1 ? now : now - KEEP_MS + rest };
      }
    }
  }

  async function* values(): AsyncGenerator<StoredRecord> {
    for (let from = "-"; ; ) {
      const found = threes(await run<string[]>(VALUES, [from, String(PAGE)])) as string[][];
      for (const [name, value, until] of found) {
        yield { kind: "value", key: name!, value: value!, ...(until === "" ? {} : { until: Number(until) }) };
      }
      if (found.length < PAGE) return;
      from = `(${found[found.length - 1]![0]}`;
    }
  }

  // The list has the newest first.
  async function* doubts(): AsyncGenerator<StoredRecord> {
    for (let end = await call<number>("LLEN", key("doubts")); end > 0; end -= PAGE) {
      const texts = await call<string[]>("LRANGE", key("doubts"), String(Math.max(0, end - PAGE)), String(end - 1));
      for (const text of texts.reverse()) {
        const [at, job, adapter, plugin, step, outcome] = JSON.parse(text) as [number, ...string[]];
        yield { kind: "doubt", at, job, adapter, plugin, step, outcome } as StoredRecord;
      }
    }
  }

  return {
    async holdings() {
      const lines = await ledger();
      const sum = (of: "inFlight" | "dead") => lines.reduce((total, line) => total + line[of], 0);
      const [value, doubt] = await run<[number, number]>(SIZES, []);
      let known = 0;
      for await (const found of digests()) known += found.length;
      return { job: sum("inFlight"), dead: sum("dead"), seen: known, value, count: lines.length, doubt };
    },
    async *dump(now) {
      const ids = await call<string | null>("HGET", key("meta"), "ids");
      yield { kind: "data", instance: instance(), nextId: Number(ids ?? 0) + 1 };
      yield* inLanes();
      yield* delayed();
      yield* dead();
      yield* seen(now);
      yield* values();
      for (const { dead: _, inFlight: __, ...line } of await ledger()) yield { kind: "count", ...line };
      yield* doubts();
    },
    async load(records, { now, doubtsToPass }) {
      await run(LOAD, encodeLoad(records, now, doubtsToPass));
      const [first] = records;
      if (first?.kind === "data") renamed(first.instance);
    },
  };
}

/** @param heldUntil of the first */
function* jobsOf(found: Answer, heldUntil: number): Generator<StoredRecord> {
  for (const [index, [id, job, more]] of threes(found).entries()) {
    const record = parseJob(id as string, job as string, more as string[], 0);
    const { runAt } = record;
    yield { kind: "job", ...storedJob(record), runAt, heldUntil: index === 0 ? heldUntil : 0 };
  }
}

function storedJob({ digest, errors, ...job }: Omit<JobRecord, "runAt">) {
  return { ...job, ...(digest === null ? {} : { digest }), errors: JSON.parse(errors) as [] };
}

function threes<T>(flat: readonly T[]): T[][] {
  const rows: T[][] = [];
  for (let at = 0; at < flat.length; at += 3) rows.push(flat.slice(at, at + 3));
  return rows;
}
