import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import type { BotSettings } from "./bot-settings.ts";

export type StorageName = "sqlite" | "postgres" | "redis";

/** A storage that can be harmed. What does not exist for it is absent. */
export interface TorturedStorage extends AsyncDisposable {
  readonly url: string;
  /** Processes can share it. */
  readonly isShared: boolean;
  /** Its server dies and is started again after so many ms. */
  kill?(ms: number): Promise<void>;
  /** Its server is stopped in good order and started again. */
  restart?(): Promise<void>;
  /** Its server stands still for so many ms. */
  freeze?(ms: number): Promise<void>;
  /** It takes no new data for so many ms. */
  fill?(ms: number): Promise<void>;
  /** The settings with which a bot finds its disk full. */
  full?(): BotSettings["storage"];
}

export async function openStorage(name: StorageName, folder: string): Promise<TorturedStorage> {
  if (name === "sqlite") return openSqlite(folder);
  throw new Error(`Nothing is known of ${name}.`);
}

function openSqlite(folder: string): TorturedStorage {
  const file = join(folder, "torture.db");
  const url = `sqlite:${file}`;
  return {
    url,
    isShared: false,
    full: () => ({ url, maxBytes: Math.max(100_000, existsSync(file) ? Math.ceil(statSync(file).size * 1.02) : 0) }),
    async [Symbol.asyncDispose]() {},
  };
}
