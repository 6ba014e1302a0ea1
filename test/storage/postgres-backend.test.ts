import { afterAll, beforeAll } from "vitest";
import type { Backend } from "../../src/storage/fleet/index.ts";
import { createPostgresBackend } from "../../src/storage/postgres/backend.ts";
import { parseTarget } from "../../src/storage/postgres/target.ts";
import { openPostgres, type PostgresServer } from "../servers/postgres.ts";
import { backendContract } from "./backend-contract.ts";

let server: PostgresServer;
beforeAll(async () => {
  server = await openPostgres();
});
afterAll(() => server.dispose());

backendContract("Postgres", {
  async create(wake = () => {}) {
    const target = parseTarget(server.another());
    const backends: Backend[] = [];
    async function another(listener = () => {}) {
      const backend = createPostgresBackend(target);
      backends.push(backend);
      await backend.open(listener);
      return backend;
    }
    return {
      backend: await another(wake),
      another,
      async dispose() {
        for (const backend of backends) await backend.close();
      },
    };
  },
});
