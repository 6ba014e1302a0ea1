import type { Doubt, JobInfo, LedgerLine, Storage } from "../../core/index.ts";
import { fromText } from "../shared/text.ts";
import type { Backend } from "./backend.ts";
import type { Counts } from "./counts.ts";
import { errorsOf, namesOf } from "./jobs.ts";

/** What operators see of a storage. */
export type Views = Pick<Storage, "jobs" | "ledger" | "doubts">;

export interface ViewsOptions {
  readonly backend: Backend;
  readonly counts: Counts;
  /** Resolves once all that this process has done is applied. */
  settled(): Promise<void>;
}

export function createViews({ backend, counts, settled }: ViewsOptions): Views {
  return {
    async jobs(limit) {
      await settled();
      return (await backend.jobs(limit)).map((record): JobInfo => {
        const { id, state, storedAt, runAt, heldUntil, attempts } = record;
        const lastError = errorsOf(record).at(-1);
        return {
          ...{ id: String(id), state, ...namesOf(record), storedAt, runAt: Math.max(runAt, heldUntil) },
          ...{ attempt: attempts, ...(lastError && { lastError }) },
        };
      });
    },
    async ledger() {
      counts.flush();
      await settled();
      return (await backend.ledger()).map(
        (line): LedgerLine => ({ ...line, adapter: fromText(line.adapter), plugin: fromText(line.plugin) }),
      );
    },
    async doubts(limit) {
      await settled();
      return (await backend.doubts(limit)).map(
        (doubt): Doubt => ({
          ...doubt,
          ...{ adapter: fromText(doubt.adapter), plugin: fromText(doubt.plugin), step: fromText(doubt.step) },
        }),
      );
    },
  };
}
