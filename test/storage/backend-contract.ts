import { describe } from "vitest";
import type { Backend } from "../../src/storage/fleet/index.ts";
import { batchContract } from "./backend-contract/batches.ts";
import { budgetContract } from "./backend-contract/budgets.ts";
import { deadContract } from "./backend-contract/dead.ts";
import { laneContract } from "./backend-contract/lanes.ts";
import { ledgerContract } from "./backend-contract/ledger.ts";
import { seenContract } from "./backend-contract/seen.ts";
import { sessionContract } from "./backend-contract/sessions.ts";
import { timeContract } from "./backend-contract/times.ts";
import { valueContract } from "./backend-contract/values.ts";

export interface BackendContract {
  /** Opens a backend on data of its own. */
  create(wake?: () => void): Promise<{
    readonly backend: Backend;
    /** Opens one more on the same data, as another process would. The stage closes it. */
    another(wake?: () => void): Promise<Backend>;
    /** Closes all of them and removes the data. */
    dispose(): Promise<void>;
  }>;
}

/** A stage whose backends `make` connects to the same data. */
export async function openBackends(make: () => Backend, wake = () => {}) {
  const backends: Backend[] = [];
  async function another(listener = () => {}) {
    const backend = make();
    backends.push(backend);
    await backend.open(listener);
    return backend;
  }
  return {
    backend: await another(wake),
    another,
    async dispose() {
      for (const backend of backends) await backend.close();
    },
  };
}

/** What every database promises to the storage of a fleet. */
export function backendContract(name: string, contract: BackendContract): void {
  describe(`${name} keeps the backend contract`, () => {
    describe("batches", () => batchContract(contract));
    describe("sessions", () => sessionContract(contract));
    describe("lanes", () => laneContract(contract));
    describe("times", () => timeContract(contract));
    describe("dedupe records", () => seenContract(contract));
    describe("dead letters", () => deadContract(contract));
    describe("values", () => valueContract(contract));
    describe("ledger and lists", () => ledgerContract(contract));
    describe("budgets", () => budgetContract(contract));
  });
}
