import { createTurns, HobnobError, type KeyValues } from "../../core/index.ts";
import { fromText, toText } from "../shared/text.ts";
import type { Backend, ValueWrite } from "./backend.ts";
import type { Batcher } from "./batcher.ts";

/** Plugin and adapter state. A change is written when nobody else has written meanwhile, else made again on what stands there. */
export function createValues(backend: Backend, ask: Batcher["ask"], assertOpen: () => void): KeyValues {
  // Writes of this process to one key follow one another, so that they keep their order and do not compete.
  const inTurn = createTurns();

  function write(value: ValueWrite): Promise<boolean> {
    const size = (value.value?.length ?? 0) + (value.expected?.length ?? 0) + value.key.length;
    return ask({ part: "values", size, write: () => value });
  }

  async function update(
    key: string,
    change: (current: string | undefined) => string | undefined,
    until: number | undefined,
  ): Promise<string | undefined> {
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
      const current = await backend.get(key);
      const next = change(current === undefined ? undefined : fromText(current));
      const value = next === undefined ? null : toText(next);
      if (value === (current ?? null) && until === undefined) return next;
      const isWritten = await write({ key, expected: current ?? null, value, until: until ?? null });
      if (isWritten || (value === null && current === undefined)) return next;
      // Many processes at one key: let another go first.
      if (attempt > 3) await new Promise((resolve) => setTimeout(resolve, Math.random() * 5 * attempt));
    }
    throw new HobnobError(
      "STORAGE_BUSY",
      `Other processes kept changing \`${fromText(key)}\`: ${MOST_ATTEMPTS} attempts to update it were overtaken.`,
    );
  }

  return {
    async get(key) {
      assertOpen();
      const value = await backend.get(toText(key));
      return value === undefined ? undefined : fromText(value);
    },
    async set(key, value, until) {
      const name = toText(key);
      await inTurn(name, () => write({ key: name, expected: undefined, value: toText(value), until: until ?? null }));
    },
    delete(key) {
      const name = toText(key);
      return inTurn(name, () => write({ key: name, expected: undefined, value: null, until: null }));
    },
    update(key, change, until) {
      const name = toText(key);
      return inTurn(name, () => update(name, change, until));
    },
    async *keys(prefix) {
      assertOpen();
      for await (const key of backend.keys(toText(prefix))) yield fromText(key);
    },
  };
}

const MOST_ATTEMPTS = 100;
