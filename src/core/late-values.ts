import type { KeyValues, Storage } from "./storage.ts";

/** The values of a storage that is opened when they are first used, if it is not open yet. */
export function lateValues(storage: Storage, open: () => Promise<void>): KeyValues {
  return {
    async get(key) {
      await open();
      return storage.values.get(key);
    },
    async set(key, value, until) {
      await open();
      await storage.values.set(key, value, until);
    },
    async delete(key) {
      await open();
      return storage.values.delete(key);
    },
    async update(key, change, until) {
      await open();
      return storage.values.update(key, change, until);
    },
    async *keys(prefix) {
      await open();
      yield* storage.values.keys(prefix);
    },
  };
}
