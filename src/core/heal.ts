import type { Adapter } from "./adapter.ts";
import { errorCode } from "./errors.ts";
import { createHealing, type HealConfig, type Healing, type HealingOptions } from "./healing.ts";
import type { Heard } from "./heard.ts";

/** Reads back what was said while the bot could not be reached, where the platform has a history. */
export interface Healer {
  /** Where the events of an adapter are noted; undefined where no gap can be healed. */
  heardOf(adapter: string): Heard | undefined;
  /** To be called before anything comes in: else it would hide what is missing. */
  load(): Promise<void>;
  /** Begins to read back; the bot can be used meanwhile. */
  start(): void;
  /** An adapter was cut off for a while. */
  reconnected(adapter: string): void;
  /** Writes down how far was heard. Never rejects. */
  stop(): Promise<void>;
}

export interface HealerOptions extends Omit<HealingOptions, "config" | "isSandboxed"> {
  readonly adapters: readonly Adapter[];
  readonly config: HealConfig | false | undefined;
  /** Names of adapters whose platform forgets everything when the bot ends. */
  readonly sandboxed: readonly string[];
}

export function createHealer({ adapters, config = {}, sandboxed, ...options }: HealerOptions): Healer {
  const { log } = options;
  const healings = new Map<string, Healing>();
  for (const adapter of adapters) {
    const { name, history } = adapter;
    if (config === false || history === undefined) continue;
    healings.set(name, createHealing(adapter, { ...options, config, isSandboxed: sandboxed.includes(name) }));
  }
  const all = [...healings.values()];
  return {
    heardOf: (adapter) => healings.get(adapter)?.heard,
    async load() {
      await Promise.all(
        all.map(({ heard }) =>
          heard.load().catch((error: unknown) => {
            log.warn({ code: errorCode(error) }, "What was said while the bot was away cannot be looked for.");
          }),
        ),
      );
    },
    start() {
      for (const healing of all) healing.begin();
    },
    reconnected(adapter) {
      const healing = healings.get(adapter);
      healing?.heard.openAll();
      healing?.begin();
    },
    async stop() {
      await Promise.all(all.map((healing) => healing.stop()));
    },
  };
}
