import { createRequire } from "node:module";
import type { App, Logger, LogLevel } from "@slack/bolt";
import type { Log } from "../../core/index.ts";

const require = createRequire(import.meta.url);

/** The part of Bolt that an adapter uses. */
export interface BoltModule {
  readonly App: typeof App;
  /** Bolt's warnings and errors go to our log: their first sentence only, never a body. */
  createLogger(log: Log, adapter: string): Logger;
}

/**
 * Loads Bolt's App when a bot starts. Its own file rather than the package's door: that spares the express receiver,
 * a third of the loading time, for a receiver that is not used.
 */
export function loadBolt(): BoltModule {
  // Bolt is CommonJS with a default export of its own, which every loader of ES modules unwraps differently.
  const module: typeof import("@slack/bolt/dist/App.js") = require("@slack/bolt/dist/App.js");
  return {
    App: module.default,
    createLogger(log, adapter) {
      const level: LogLevel = module.LogLevel.WARN;
      const sentence = (first: unknown) => `Bolt: ${first instanceof Error ? first.message : String(first)}`;
      return {
        debug() {},
        info() {},
        warn: (first) => log.warn({ adapter }, sentence(first)),
        error: (first) => log.error({ adapter }, sentence(first)),
        setLevel() {},
        getLevel: () => level,
        setName() {},
      };
    },
  };
}
