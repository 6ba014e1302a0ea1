import { describe } from "vitest";
import type { Storage, StorageHost } from "../../src/core/index.ts";
import { addingContract } from "./contract/adding.ts";
import { contentContract } from "./contract/content.ts";
import { deadContract } from "./contract/dead.ts";
import { delayContract } from "./contract/delay.ts";
import { lanesContract } from "./contract/lanes.ts";
import { ledgerContract } from "./contract/ledger.ts";
import { lifeContract } from "./contract/life.ts";
import { movingContract } from "./contract/moving.ts";
import { valuesContract } from "./contract/values.ts";
import { verdictContract } from "./contract/verdicts.ts";

export interface StorageContract {
  /** The data is still there after `close` and `open`. Tests that need it are not registered otherwise. */
  readonly isDurable: boolean;
  /** Makes and opens a storage of its own with no data in it. */
  create(host: StorageHost): Promise<{
    readonly storage: Storage;
    /** Closes it and opens the same data again. */
    reopen?(): Promise<Storage>;
    /** After `close`: removes what is left. */
    dispose(): Promise<void>;
  }>;
}

/** A contract over data that outlives its storage. @param place makes a new place for data: `open` gives a storage over it */
export function durable(place: () => Promise<{ open(): Storage; dispose?(): Promise<void> }>): StorageContract {
  return {
    isDurable: true,
    async create(host) {
      const { open, dispose = async () => {} } = await place();
      let storage = open();
      await storage.open(host);
      return {
        get storage() {
          return storage;
        },
        async reopen() {
          await storage.close();
          storage = open();
          await storage.open(host);
          return storage;
        },
        dispose,
      };
    },
  };
}

/** What every storage promises to the core. */
export function storageContract(name: string, contract: StorageContract): void {
  describe(`${name} keeps the storage contract`, () => {
    describe("adding", () => addingContract(contract));
    describe("lanes", () => lanesContract(contract));
    describe("verdicts", () => verdictContract(contract));
    describe("delayed jobs", () => delayContract(contract));
    describe("dead letters", () => deadContract(contract));
    describe("ledger", () => ledgerContract(contract));
    describe("moving", () => movingContract(contract));
    describe("values", () => valuesContract(contract));
    describe("life", () => lifeContract(contract));
    describe("unusual content", () => contentContract(contract));
  });
}
