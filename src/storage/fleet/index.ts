import { type Duration, HobnobError, type Log, parseDuration, type Storage } from "../../core/index.ts";
import { unfinished } from "../shared/moving.ts";
import type { Backend } from "./backend.ts";
import { closedError } from "./batcher.ts";
import { type Engine, openEngine } from "./engine.ts";
import type { RunningJob } from "./jobs.ts";

export * from "./backend.ts";

export interface FleetOptions {
  /** How operators see it, without secrets. */
  readonly name: string;
  /** How long a process may be silent before the others take over its jobs. */
  readonly lease: Duration | undefined;
  /** Jobs that may wait before further events are refused (and the platform sends them again). */
  readonly maxWaiting: number | undefined;
  connect(log: Log): Backend;
}

const SHORTEST_LEASE_MS = 500;

/**
 * A storage that many processes share: what is atomic is the backend's, the rest is here.
 * @throws HobnobError `CONFIG_STORAGE` for a lease that is none
 */
export function createFleetStorage({ name, lease = "5s", maxWaiting = 1_000_000, connect }: FleetOptions): Storage {
  const length = parseDuration(lease);
  if (length === undefined || length < SHORTEST_LEASE_MS) {
    throw new HobnobError(
      "CONFIG_STORAGE",
      `${name}: \`lease\` is ${JSON.stringify(lease)}. Use a duration from "500ms" on; "5s" is usual.`,
    );
  }
  let engine: Engine | undefined;
  let closing: Promise<void> | undefined;
  const open = () => {
    if (engine === undefined) throw closedError(name);
    return engine;
  };
  return {
    name,
    async open({ clock, log, node }) {
      closing = undefined;
      const opened = await openEngine({ backend: connect(log), name, lease: length, maxWaiting, clock, log, node });
      if (node?.role !== "tool" && !(await opened.transfer.isWhole())) {
        await opened.close();
        throw unfinished(name);
      }
      engine = opened;
    },
    get instance() {
      return open().transfer.instance;
    },
    add: async (entry) => open().add(entry),
    work: (options) => open().work(options),
    saveStep: async (job, key, value) => open().saveStep(job as RunningJob, key, value),
    saveDoubt: async (doubt) => open().saveDoubt(doubt),
    countIgnored: (adapter) => open().countIgnored(adapter),
    jobs: async (limit) => open().jobs(limit),
    pending: () => open().pending(),
    get dead() {
      return open().dead;
    },
    ledger: async () => open().ledger(),
    doubts: async (limit) => open().doubts(limit),
    get values() {
      return open().values;
    },
    get fleet() {
      return engine?.fleet;
    },
    dump: () => open().transfer.dump(),
    load: async (records) => open().transfer.load(records),
    ping: async () => open().ping(),
    async close() {
      closing ??= engine?.close();
      engine = undefined;
      await closing;
    },
  };
}
