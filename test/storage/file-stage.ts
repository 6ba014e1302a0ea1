import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Storage, type StorageHost, silentLog } from "../../src/core/index.ts";
import { type SqliteOptions, sqlite } from "../../src/storage/sqlite/index.ts";
import { createFakeClock, type FakeClock } from "../../src/testing/clock.ts";
import { createTime, START, type Stage } from "./desk.ts";

/** A SQLite storage in a folder of its own. */
export interface FileStage extends Stage {
  readonly file: string;
  /** What a dead process would leave: the file and its log as they are now, opened again. The old storage is closed unheard. */
  crash(): Promise<Storage>;
}

export interface FileStageOptions extends Omit<SqliteOptions, "file"> {
  readonly host?: StorageHost & { readonly clock: FakeClock };
}

export async function openFileStage({ host, ...options }: FileStageOptions = {}): Promise<FileStage> {
  const folder = await mkdtemp(join(tmpdir(), "hobnob-"));
  const given = host ?? { clock: createFakeClock(START), log: silentLog };
  let file = join(folder, "bot.db");
  let storage = sqlite({ file, ...options });
  await storage.open(given);
  let crashes = 0;
  async function open() {
    storage = sqlite({ file, ...options });
    await storage.open(given);
    return storage;
  }
  return {
    get storage() {
      return storage;
    },
    get file() {
      return file;
    },
    ...createTime(given.clock, () => storage),
    async reopen() {
      await storage.close();
      return open();
    },
    async crash() {
      const copy = join(folder, `after-crash-${++crashes}.db`);
      await copyFile(file, copy);
      await copyFile(`${file}-wal`, `${copy}-wal`);
      await storage.close();
      file = copy;
      return open();
    },
    async [Symbol.asyncDispose]() {
      await storage.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
