import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sqlite } from "../../src/storage/sqlite/index.ts";
import { storageContract } from "./contract.ts";

storageContract("SQLite", {
  isDurable: true,
  async create(host) {
    const folder = await mkdtemp(join(tmpdir(), "hobnob-"));
    const file = join(folder, "bot.db");
    let storage = sqlite({ file });
    await storage.open(host);
    return {
      get storage() {
        return storage;
      },
      async reopen() {
        await storage.close();
        storage = sqlite({ file });
        await storage.open(host);
        return storage;
      },
      dispose: () => rm(folder, { recursive: true, force: true }),
    };
  },
});
