import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sqlite } from "../../src/storage/sqlite/index.ts";
import { durable, storageContract } from "./contract.ts";

const place = async () => {
  const folder = await mkdtemp(join(tmpdir(), "hobnob-"));
  return {
    open: () => sqlite({ file: join(folder, "bot.db") }),
    dispose: () => rm(folder, { recursive: true, force: true }),
  };
};

storageContract("SQLite", durable(place));
