import { HobnobError, type Storage } from "../../core/index.ts";
import { unfinished } from "../shared/moving.ts";
import { checkOptions } from "../shared/options.ts";
import { type Engine, openEngine } from "./engine.ts";
import type { RunningJob } from "./jobs.ts";
import { openFile, storageError } from "./open.ts";

export interface SqliteOptions {
  /** Path of the file; made with its folder when it is not there. `:memory:` keeps nothing. */
  readonly file: string;
  /** Jobs that may wait before further events are refused (and the platform sends them again). @default 1_000_000 */
  readonly maxWaiting?: number;
  /**
   * The file's largest size in bytes; writes beyond it fail as on a full disk, and new events are refused from seven
   * eighths of it, so that what waits can still end.
   * @default no limit but the disk */
  readonly maxBytes?: number;
}

/**
 * Durable storage in one file on this machine: WAL, an fsync before every acknowledgement, one commit for all events
 * that come together. One process at a time.
 * @throws HobnobError `CONFIG_INVALID` for an option that does not fit
 *
 * @example
 * storage: sqlite({ file: "data/hobnob.db" })
 */
export function sqlite(options: SqliteOptions): Storage {
  checkOptions("sqlite", options, {
    kinds: { file: "text", maxWaiting: "count", maxBytes: "count" },
    needed: ["file", "data/hobnob.db"],
  });
  const { file, maxWaiting = 1_000_000, maxBytes } = options;
  let engine: Engine | undefined;
  const open = () => {
    if (engine === undefined)
      throw new HobnobError("STORAGE_CLOSED", `${file} is closed. The bot is stopping or was not started.`);
    return engine;
  };
  const read = <T>(act: (engine: Engine) => T): T => {
    try {
      return act(open());
    } catch (error) {
      throw storageError(file, error, maxBytes);
    }
  };
  return {
    name: file === ":memory:" ? "memory:" : `sqlite:${file}`,
    async open({ clock, log, node }) {
      const opened = openFile(file);
      let begun: Engine;
      try {
        begun = openEngine({ file, opened, maxWaiting, maxBytes, clock, log });
      } catch (error) {
        opened.close();
        throw storageError(file, error, maxBytes);
      }
      if (!begun.transfer.isWhole && node?.role !== "tool") {
        begun.close();
        throw unfinished(file);
      }
      engine = begun;
    },
    get instance() {
      return open().instance;
    },
    add: async (entry) => open().add(entry),
    work: (options) => open().work(options),
    saveStep: async (job, key, value) => open().saveStep(job as RunningJob, key, value),
    saveDoubt: async (doubt) => open().write((ledger) => ledger.saveDoubt(doubt)),
    countIgnored: (adapter) => open().countIgnored(adapter),
    jobs: async (limit) => read((engine) => engine.jobs(limit)),
    pending: () => open().pending(),
    get dead() {
      return open().dead;
    },
    ledger: async () => read((engine) => engine.lines()),
    doubts: async (limit) => read((engine) => engine.doubts(limit)),
    get values() {
      return open().values;
    },
    dump: () => open().transfer.dump(),
    load: async (records) => open().transfer.load(records),
    ping: async () => open().ping(),
    backup: async (to) => open().backups.save(to),
    async close() {
      const closing = engine;
      engine = undefined;
      const copying = closing?.backups.stop();
      if (copying !== undefined) await copying;
      closing?.close();
    },
  };
}
