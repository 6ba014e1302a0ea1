import Keyv, { type KeyvStoreAdapter } from "keyv";
import { type Duration, parseDuration } from "./clock.ts";
import { HobnobError } from "./errors.ts";
import type { KeyValues } from "./storage.ts";

/** Durable key-value state of one plugin or adapter. Values are JSON. */
export interface Store {
  get<T>(key: string): Promise<T | undefined>;
  /** @throws HobnobError `STORE_VALUE` for a value that is not JSON */
  set(key: string, value: unknown, options?: { readonly ttl?: Duration }): Promise<void>;
  delete(key: string): Promise<boolean>;
  /**
   * Reads, changes and writes as one atomic act, also between processes. `change` must be pure: it may be called again
   * with a newer value. Returning undefined deletes the key. Resolves with what is stored now. An earlier `ttl` ends with it.
   * @throws HobnobError `STORE_VALUE` for a value that is not JSON
   */
  update<T>(
    key: string,
    change: (current: T | undefined) => T | undefined,
    options?: { readonly ttl?: Duration },
  ): Promise<T | undefined>;
}

// Keyv looks at the machine's clock; the value carries its own end, so that an injected clock decides.
interface Kept {
  readonly value: unknown;
  readonly until?: number;
}

/** A Keyv over a storage's values, in a namespace of its own. */
export function createStore(values: KeyValues, namespace: string, now: () => number): Store {
  const keyv = new Keyv<Kept>({
    store: keyvStore(values, now),
    namespace,
    serialize: JSON.stringify,
    deserialize: JSON.parse,
    emitErrors: false,
    throwOnErrors: true,
  });
  const alive = <T>(kept: Kept | undefined): T | undefined =>
    kept === undefined || (kept.until !== undefined && kept.until <= now()) ? undefined : (kept.value as T);

  return {
    async get<T>(key: string) {
      return alive<T>(await keyv.get(key));
    },
    async set(key, value, options) {
      if (value === undefined)
        throw new HobnobError("STORE_VALUE", `store.set("${key}") got undefined. Use store.delete.`);
      const ttl = readTtl(`store.set("${key}")`, options);
      await keyv.set(key, ttl === undefined ? { value } : { value, until: now() + ttl }, ttl);
    },
    delete: (key) => keyv.delete(key),
    async update<T>(key: string, change: (current: T | undefined) => T | undefined, options?: TtlOption) {
      const ttl = readTtl(`store.update("${key}")`, options);
      const until = ttl === undefined ? undefined : now() + ttl;
      const update = (current: string | undefined) => {
        const next = change(
          current === undefined ? undefined : alive<T>((JSON.parse(current) as { value: Kept }).value),
        );
        if (next === undefined) return undefined;
        return JSON.stringify({ value: until === undefined ? { value: next } : { value: next, until } });
      };
      const stored = await values.update(`${namespace}:${key}`, update, until);
      return stored === undefined ? undefined : alive<T>((JSON.parse(stored) as { value: Kept }).value);
    },
  };
}

interface TtlOption {
  readonly ttl?: Duration;
}

function readTtl(call: string, options: TtlOption | undefined): number | undefined {
  if (options?.ttl === undefined) return undefined;
  const ttl = parseDuration(options.ttl);
  if (ttl !== undefined) return ttl;
  const message = `${call}: \`ttl\` must be a duration such as "10m", got ${JSON.stringify(options.ttl)}.`;
  throw new HobnobError("STORE_VALUE", message);
}

function keyvStore(values: KeyValues, now: () => number): KeyvStoreAdapter {
  return {
    opts: {},
    get: async <T>(key: string) => (await values.get(key)) as T | undefined,
    set: (key: string, value: unknown, ttl?: number) =>
      values.set(key, value as string, ttl === undefined ? undefined : now() + ttl),
    delete: (key: string) => values.delete(key),
    clear: async () => {},
    on() {
      return this;
    },
  } as KeyvStoreAdapter;
}
