import { spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { BOT_TOKEN, SIGNING_SECRET } from "./ingest/event.ts";
import { formatNumber, formatSpread, printTable, ratioOf, spreadOf } from "./measure.ts";
import { option } from "./options.ts";
import { freePort, residentMegabytes } from "./processes.ts";

interface Start {
  /** Milliseconds from the start of the process to the first signed request that was answered with 200. */
  readonly answered: number;
  /** Resident memory in MB, a moment later. */
  readonly memory: number;
}

const SETTLE_MS = 2500;

/** How long a bot takes from the start of its process to its first answer, and what it holds when it has nothing to do. */
export async function coldstart({ rounds = 5 } = {}): Promise<void> {
  const ours = fileURLToPath(new URL("../bin/hobnob.js", import.meta.url));
  const bolt = fileURLToPath(new URL("./ingest/bolt.ts", import.meta.url));
  const sides = new Map<string, { args: string[]; rounds: Start[] }>([
    ["hobnob start", { args: [ours, "start", "--no-sandbox"], rounds: [] }],
    ["Bolt", { args: [bolt], rounds: [] }],
  ]);
  // The first start of each fills the compile cache, and is not counted.
  for (let round = -1; round < rounds; round++) {
    for (const side of sides.values()) {
      const result = await measure(side.args);
      if (round >= 0) side.rounds.push(result);
    }
  }
  const [first] = sides.values();
  const column = (rows: readonly Start[], key: keyof Start) => rows.map((row) => row[key]);
  printTable(`From the start of the process to the first answer, median (range) of ${rounds} starts`, [
    ["", "ms", "Hobnob ÷ this", "idle MB"],
    ...[...sides].map(([label, side]) => [
      label,
      formatSpread(spreadOf(column(side.rounds, "answered"))),
      formatSpread(ratioOf(column(first!.rounds, "answered"), column(side.rounds, "answered"))),
      formatNumber(spreadOf(column(side.rounds, "memory")).median),
    ]),
  ]);
}

async function measure(args: readonly string[]): Promise<Start> {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), "hobnob-bench-"));
  const env = {
    ...process.env,
    PORT: `${port}`,
    HOBNOB_STORAGE: `sqlite:${join(folder, "hobnob.db")}`,
    SLACK_BOT_TOKEN: BOT_TOKEN,
    SLACK_SIGNING_SECRET: SIGNING_SECRET,
    SLACK_BOT_USER_ID: "U0BOTUSER",
    SLACK_API_URL: "http://127.0.0.1:9/api/",
  };
  const began = performance.now();
  const child = spawn(process.execPath, [...args], { env, stdio: "ignore" });
  try {
    while (!(await isAnswered(port))) await new Promise((resolve) => setTimeout(resolve, 2));
    const answered = performance.now() - began;
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    return { answered, memory: residentMegabytes(child.pid!) };
  } finally {
    child.kill("SIGKILL");
    await new Promise((resolve) => child.once("close", resolve));
    rmSync(folder, { recursive: true, force: true });
  }
}

async function isAnswered(port: number): Promise<boolean> {
  const body = JSON.stringify({ type: "url_verification", challenge: "c", token: "t" });
  const time = Math.floor(Date.now() / 1000);
  const signature = `v0=${createHmac("sha256", SIGNING_SECRET).update(`v0:${time}:${body}`).digest("hex")}`;
  const headers = {
    "content-type": "application/json",
    "x-slack-signature": signature,
    "x-slack-request-timestamp": `${time}`,
  };
  try {
    return (await fetch(`http://127.0.0.1:${port}/slack/events`, { method: "POST", headers, body })).ok;
  } catch {
    return false;
  }
}

if (import.meta.main) await coldstart({ rounds: option("rounds", 5) });
