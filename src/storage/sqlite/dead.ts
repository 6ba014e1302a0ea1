import type { DatabaseSync } from "node:sqlite";
import type { DeadLetter, DeadLetters } from "../../core/index.ts";
import type { JobRow } from "./jobs.ts";
import type { LaneJob } from "./lanes.ts";
import type { Ledger } from "./ledger.ts";
import type { Writer } from "./writer.ts";

const COLUMNS = "id, lane, pool, adapter, plugin, handler, payload, stored_at, died_at, attempts, errors";

interface DeadRow extends Omit<JobRow, "seen" | "run_at" | "retry_at" | "failed"> {
  readonly died_at: number;
}

export interface DeadOptions {
  readonly db: DatabaseSync;
  readonly push: Writer["push"];
  readonly ledger: Ledger;
  readonly now: () => number;
  readonly mend: (error: unknown) => Error;
  /** The job is back in the queue. */
  readonly revived: (job: LaneJob) => void;
}

/** Jobs that used up their attempts, and what a person can do with them. */
export function createDeadLetters({ db, push, ledger, now, mend, revived }: DeadOptions): DeadLetters {
  const select = db.prepare(`SELECT ${COLUMNS} FROM dead WHERE id = ?`);
  const newest = db.prepare(`SELECT ${COLUMNS} FROM dead ORDER BY died_at DESC, id DESC LIMIT ?`);
  // It keeps its id, so that its steps and the names of its posts stay its own. Attempts begin at 0 again; those that
  // ended without a verdict stay visible as a negative count of failures, so that its posts are still in doubt.
  const revive = db.prepare(`
    INSERT INTO job (id, lane, pool, adapter, plugin, handler, payload, seen, stored_at, run_at, attempts, failed)
    SELECT id, lane, pool, adapter, plugin, handler, payload, seen, stored_at, ?, 0, failed - attempts FROM dead WHERE id = ?`);
  const edit = db.prepare("UPDATE dead SET payload = ? WHERE id = ?");
  const remove = db.prepare("DELETE FROM dead WHERE id = ?");
  const removeSteps = db.prepare("DELETE FROM step WHERE job = ?");
  const find = (id: string) => (/^\d{1,15}$/.test(id) ? (select.get(Number(id)) as DeadRow | undefined) : undefined);

  function write(id: string, act: (row: DeadRow) => void, after?: (row: DeadRow) => void): Promise<boolean> {
    return new Promise((resolve, reject) => {
      let row: DeadRow | undefined;
      push({
        run() {
          row = find(id);
          if (row !== undefined) act(row);
        },
        done() {
          if (row !== undefined) after?.(row);
          resolve(row !== undefined);
        },
        failed: (error) => reject(mend(error)),
      });
    });
  }

  function read<T>(act: () => T): T {
    try {
      return act();
    } catch (error) {
      throw mend(error);
    }
  }

  return {
    list: async (limit) => read(() => (newest.all(limit) as unknown as readonly DeadRow[]).map(toDeadLetter)),
    get: async (id) =>
      read(() => {
        const row = find(id);
        return row === undefined ? undefined : toDeadLetter(row);
      }),
    retry: (id) =>
      write(
        id,
        (row) => {
          revive.run(now(), row.id);
          remove.run(row.id);
        },
        ({ id, lane, pool }) => revived({ id, lane, pool, runAt: 0 }),
      ),
    edit: (id, payload) => write(id, (row) => void edit.run(JSON.stringify(payload), row.id)),
    discard: (id) =>
      write(id, (row) => {
        remove.run(row.id);
        removeSteps.run(row.id);
        ledger.count(row.stored_at, row.adapter, row.plugin, "discarded");
      }),
  };
}

function toDeadLetter({ id, stored_at, died_at, payload, errors, ...row }: DeadRow): DeadLetter {
  return {
    id: String(id),
    ...row,
    storedAt: stored_at,
    diedAt: died_at,
    payload: JSON.parse(payload) as unknown,
    errors: JSON.parse(errors) as DeadLetter["errors"],
  };
}
