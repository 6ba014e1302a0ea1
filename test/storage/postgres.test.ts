import { afterAll, beforeAll } from "vitest";
import { postgres } from "../../src/storage/postgres/index.ts";
import { openPostgres, type PostgresServer } from "../servers/postgres.ts";
import { durable, storageContract } from "./contract.ts";

let server: PostgresServer;
beforeAll(async () => {
  server = await openPostgres();
});
afterAll(() => server.dispose());

const place = async () => {
  const url = server.another();
  return { open: () => postgres({ url }) };
};

storageContract("Postgres", durable(place));
