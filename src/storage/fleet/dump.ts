import type { StoredRecord } from "../../core/index.ts";
import { assertEmpty } from "../shared/moving.ts";
import { fromText, toText } from "../shared/text.ts";
import type { Backend } from "./backend.ts";
import type { Batcher } from "./batcher.ts";
import type { Counts } from "./counts.ts";

export interface TransferOptions {
  readonly backend: Backend;
  /** For messages. */
  readonly name: string;
  /** The data's name at the start. */
  readonly instance: string;
  readonly ask: Batcher["ask"];
  readonly counts: Counts;
  /** Resolves once all that was asked for before is applied. */
  settled(): Promise<void>;
  now(): number;
}

/** All data on its way to another storage, or from one. */
export interface Transfer {
  /** The data's name: another's after a load. */
  readonly instance: string;
  /** All of the data is here: no move has broken off. */
  isWhole(): Promise<boolean>;
  dump(): AsyncIterable<StoredRecord>;
  load(records: readonly StoredRecord[]): Promise<void>;
}

// No key of a user can be this: what `toText` lets through has four digits behind its escape.
const MOVING = "\u0001moving";

export function createTransfer(options: TransferOptions): Transfer {
  const { backend, name, ask, settled, counts, now } = options;
  let { instance } = options;
  let isLoading = false;
  // Of a move that broke off: doubts have no key, but they come in the same order again.
  let doubtsToPass = 0;

  async function begin(record: Extract<StoredRecord, { kind: "data" }>): Promise<readonly StoredRecord[]> {
    const held = await backend.holdings();
    if ((await backend.get(MOVING)) !== record.instance) assertEmpty(name, held);
    doubtsToPass = held.doubt;
    return [record, { kind: "value", key: MOVING, value: record.instance }];
  }

  async function end(): Promise<void> {
    const write = { key: MOVING, expected: undefined, value: null, until: null };
    await ask({ part: "values", write: () => write });
  }

  return {
    get instance() {
      return instance;
    },
    isWhole: async () => (await backend.get(MOVING)) === undefined,
    async *dump() {
      counts.flush();
      await settled();
      for await (const record of backend.dump(now())) {
        if (record.kind !== "value" || record.key !== MOVING) yield withTexts(record, fromText);
      }
    },
    async load(records) {
      const [first] = records;
      if (first === undefined) return await end();
      const isFirst = first.kind === "data";
      if (!isFirst && !isLoading) throw new TypeError("What is loaded begins with the record `data`.");
      const list = [
        ...(isFirst ? await begin(first) : []),
        ...records.slice(isFirst ? 1 : 0).map((record) => withTexts(record, toText)),
      ];
      await backend.load(list, { now: now(), doubtsToPass });
      if (isFirst) instance = first.instance;
      isLoading = true;
      doubtsToPass = Math.max(0, doubtsToPass - list.filter(({ kind }) => kind === "doubt").length);
      // What waits is counted anew.
      await settled();
    },
  };
}

/** A record with every name in other words. */
function withTexts(record: StoredRecord, text: (of: string) => string): StoredRecord {
  switch (record.kind) {
    case "job":
    case "dead":
      return {
        ...record,
        ...{ lane: text(record.lane), pool: text(record.pool), adapter: text(record.adapter) },
        ...{ plugin: text(record.plugin), handler: text(record.handler) },
        steps: record.steps.map(([key, value]) => [text(key), value] as const),
      };
    case "value":
      return { ...record, key: text(record.key), value: text(record.value) };
    case "count":
      return { ...record, adapter: text(record.adapter), plugin: text(record.plugin) };
    case "doubt":
      return { ...record, adapter: text(record.adapter), plugin: text(record.plugin), step: text(record.step) };
    default:
      return record;
  }
}
