import { afterAll, beforeAll } from "vitest";
import { createPostgresBackend } from "../../src/storage/postgres/backend.ts";
import { parseTarget } from "../../src/storage/postgres/target.ts";
import { openPostgres, type PostgresServer } from "../servers/postgres.ts";
import { backendContract, openBackends } from "./backend-contract.ts";

let server: PostgresServer;
beforeAll(async () => {
  server = await openPostgres();
});
afterAll(() => server.dispose());

backendContract("Postgres", {
  create(wake) {
    const target = parseTarget(server.another());
    return openBackends(() => createPostgresBackend(target), wake);
  },
});
