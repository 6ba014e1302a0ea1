import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createPostgresBackend } from "../../src/storage/postgres/backend.ts";
import { connect, loadPg } from "../../src/storage/postgres/connect.ts";
import { postgres } from "../../src/storage/postgres/index.ts";
import { parseTarget } from "../../src/storage/postgres/target.ts";
import { openPostgres, type PostgresServer } from "../servers/postgres.ts";
import { openPostgresBackend, openPostgresWire } from "./postgres-stage.ts";

let server: PostgresServer;
beforeAll(async () => {
  server = await openPostgres();
});
const users: string[] = [];
afterAll(async () => {
  for (const user of users) await server.query(`DROP OWNED BY ${user} CASCADE; DROP ROLE ${user}`);
  await server.dispose();
});

const PASSWORD = "s3cr3t-and-long";

/** The error of an open that must fail; it never shows a password. */
async function refusal(url: string): Promise<{ readonly code: string; readonly message: string }> {
  try {
    await using _ = await openPostgresBackend(url);
  } catch (error) {
    const { code, message } = error as { code: string; message: string };
    expect(message).not.toContain(PASSWORD);
    return { code, message };
  }
  throw new Error("It was opened.");
}

function changed(url: string, change: (url: URL) => void): string {
  const copy = new URL(url);
  change(copy);
  return copy.href;
}

/** A user of its own, with the rights that the statements give. */
async function withUser(...statements: readonly string[]): Promise<{ readonly url: string; readonly user: string }> {
  const user = `test_${randomBytes(6).toString("hex")}`;
  await server.query(`CREATE ROLE ${user} LOGIN PASSWORD '${PASSWORD}'`);
  users.push(user);
  for (const statement of statements) await server.query(statement.replaceAll("USER", user));
  const url = changed(server.another(), (u) => {
    u.username = user;
    u.password = PASSWORD;
  });
  return { url, user };
}

const schemaOf = (url: string) => new URL(url).searchParams.get("schema")!;

describe("a Postgres storage opens", () => {
  test("where nothing is yet, by several processes at once, and all have the same data", async () => {
    const url = server.another();
    const backends = [1, 2, 3].map(() => createPostgresBackend(parseTarget(url)));
    const names = await Promise.all(backends.map((backend) => backend.open(() => {})));
    expect(new Set(names).size).toBe(1);
    const ids = await Promise.all(backends.map((backend) => backend.reserveIds(10)));
    expect([...ids].sort((a, b) => a - b)).toEqual([1, 11, 21]);
    for (const backend of backends) await backend.close();
  });

  test("with the same name each time", async () => {
    const url = server.another();
    const names = [];
    for (let round = 0; round < 2; round++) {
      const backend = createPostgresBackend(parseTarget(url));
      names.push(await backend.open(() => {}));
      await backend.close();
    }
    expect(names[0]).toMatch(/^[\w-]{8}$/);
    expect(names[1]).toBe(names[0]);
  });

  test("by a user who may create no schema, when an empty one is there", async () => {
    const { url, user } = await withUser();
    await server.query(`CREATE SCHEMA ${schemaOf(url)} AUTHORIZATION ${user}`);
    await using opened = await openPostgresBackend(url);
    expect(await opened.backend.reserveIds(1)).toBe(1);
  });

  test("with durable commits where the database has them off", async () => {
    const { url } = await withUser(
      "ALTER ROLE USER SET synchronous_commit = off",
      `GRANT CREATE ON DATABASE ${new URL(server.url).pathname.slice(1)} TO USER`,
    );
    const client = await connect(await loadPg(), parseTarget(url), () => {}, true);
    const { rows } = await client.query("SHOW synchronous_commit");
    await client.end();
    expect(rows).toEqual([{ synchronous_commit: "on" }]);
  });
});

describe("a Postgres storage is refused", () => {
  test("when a newer Hobnob wrote it", async () => {
    const url = server.another();
    await using _ = await openPostgresBackend(url);
    await server.query(`UPDATE ${schemaOf(url)}.meta SET value = '99' WHERE key = 'version'`);
    expect(await refusal(url)).toEqual({
      code: "STORAGE_NEWER",
      message: expect.stringMatching(/newer Hobnob \(schema 99, this one knows \d+\)/),
    });
  });

  test("when the schema is another program's", async () => {
    const url = server.another();
    await server.query(`CREATE SCHEMA ${schemaOf(url)}; CREATE TABLE ${schemaOf(url)}.session (id text)`);
    expect(await refusal(url)).toMatchObject({ code: "STORAGE_FOREIGN" });
    const other = server.another();
    await server.query(`CREATE SCHEMA ${schemaOf(other)}; CREATE TABLE ${schemaOf(other)}.meta (id text)`);
    expect(await refusal(other)).toMatchObject({ code: "STORAGE_FOREIGN" });
  });

  test("when the password is wrong", async ({ skip }) => {
    skip(!server.isOurs, "another server may trust everybody");
    const url = changed(server.url, (u) => {
      u.username = "postgres";
      u.password = PASSWORD;
    });
    expect(await refusal(url)).toEqual({
      code: "STORAGE_PASSWORD",
      message: expect.stringMatching(/127\.0\.0\.1:\d+ does not let user "postgres" into database "hobnob_\w+"/),
    });
  });

  test("when nobody listens there", async () => {
    const url = changed(server.url, (u) => {
      u.port = "1";
    });
    expect(await refusal(url)).toEqual({
      code: "STORAGE_UNREACHABLE",
      message: expect.stringContaining("no answer from 127.0.0.1:1 for database"),
    });
  });

  test("when the database is not there", async () => {
    const url = changed(server.url, (u) => {
      u.pathname = "/nowhere";
    });
    expect(await refusal(url)).toEqual({
      code: "STORAGE_OPEN",
      message: expect.stringContaining('There is no database "nowhere" at 127.0.0.1:'),
    });
  });

  test("when the user may not create the schema, or not write into it", async () => {
    const { url, user } = await withUser();
    expect(await refusal(url)).toEqual({
      code: "STORAGE_RIGHTS",
      message: expect.stringContaining(`GRANT CREATE ON DATABASE ${new URL(url).pathname.slice(1)} TO ${user}`),
    });
    await server.query(`CREATE SCHEMA ${schemaOf(url)}`);
    expect(await refusal(url)).toMatchObject({ code: "STORAGE_RIGHTS" });
  });

  test("when the user may only read", async () => {
    const { url } = await withUser("ALTER ROLE USER SET default_transaction_read_only = on");
    expect(await refusal(url)).toMatchObject({ code: "STORAGE_READ_ONLY" });
  });

  test("when the database cannot hold every text", async () => {
    const name = `hobnob_${randomBytes(6).toString("hex")}`;
    await server.query(`CREATE DATABASE ${name} ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0`);
    const url = changed(server.url, (u) => {
      u.pathname = `/${name}`;
    });
    expect(await refusal(url)).toEqual({
      code: "STORAGE_SERVER",
      message: expect.stringContaining("has the encoding LATIN1"),
    });
    await server.query(`DROP DATABASE ${name}`);
  });

  test("when a pooler stands before it that drops notifications", async () => {
    await using wire = await openPostgresWire(server.another(), { isPooler: true });
    expect(await refusal(wire.url)).toEqual({
      code: "STORAGE_POOLER",
      message: expect.stringContaining("PgBouncer in transaction mode"),
    });
  });

  test.each([
    ["mysql://h/db", "This is no Postgres URL"],
    [`postgres://u:${PASSWORD}@h:99999/db`, "This is no Postgres URL"],
    ["postgres://h/db?schema=Drop%20Table", 'schema is "Drop Table"'],
    ["postgres://h/db?schema=pg_mine", 'schema is "pg_mine"'],
    ["postgres://h/db?shema=mine", "did you mean `schema`?"],
    [`postgres://u%zz:${PASSWORD}@h/db`, "a % that encodes nothing"],
  ])("when the URL is %s", (url, said) => {
    const failure = expect(() => postgres({ url }));
    failure.toThrow(expect.objectContaining({ code: "STORAGE_URL", message: expect.stringContaining(said) }));
    failure.not.toThrow(expect.objectContaining({ message: expect.stringContaining(PASSWORD) }));
  });
});

test("operators see host, port and database, and neither user nor password", () => {
  expect(postgres({ url: `postgres://ada:${PASSWORD}@db.example/bot?sslmode=require` }).name).toBe(
    "postgres://db.example:5432/bot",
  );
  expect(postgres({ url: "postgres://localhost:6000/bot", schema: "two" }).name).toBe(
    "postgres://localhost:6000/bot?schema=two",
  );
});

test("a server that does not wait for its disk is warned of", async () => {
  const rows = await server.query<{ fsync: string }>("SHOW fsync");
  const warnings: string[] = [];
  const backend = createPostgresBackend(parseTarget(server.another()), (code) => warnings.push(code));
  await backend.open(() => {});
  await backend.close();
  expect(warnings).toEqual(rows[0]!.fsync === "off" ? ["STORAGE_NOT_DURABLE"] : []);
});
