import { memory } from "../../src/storage/memory/index.ts";
import { storageContract } from "./contract.ts";

storageContract("memory", {
  isDurable: false,
  async create(host) {
    const storage = memory();
    await storage.open(host);
    return { storage, async dispose() {} };
  },
});
