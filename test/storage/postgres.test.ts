import { afterAll, beforeAll } from "vitest";
import { postgres } from "../../src/storage/postgres/index.ts";
import { openPostgres, type PostgresServer } from "../servers/postgres.ts";
import { storageContract } from "./contract.ts";

let server: PostgresServer;
beforeAll(async () => {
  server = await openPostgres();
});
afterAll(() => server.dispose());

storageContract("Postgres", {
  isDurable: true,
  async create(host) {
    const url = server.another();
    let storage = postgres({ url });
    await storage.open(host);
    return {
      get storage() {
        return storage;
      },
      async reopen() {
        await storage.close();
        storage = postgres({ url });
        await storage.open(host);
        return storage;
      },
      async dispose() {},
    };
  },
});
