import { spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { BOT_TOKEN, SIGNING_SECRET } from "./ingest/event.ts";
import { formatNumber, formatSpread, printTable, ratioOf, spreadOf } from "./measure.ts";
import { option } from "./options.ts";
import { freePort, residentMegabytes, stop } from "./processes.ts";

interface Start {
  /** Milliseconds from the start of the process to the first signed request that was answered with 200. */
  readonly answered: number;
  /** Resident memory in MB, a moment later. */
  readonly memory: number;
}

const SETTLE_MS = 2500;

/** How long a bot takes from the start of its process to its first answer, and what it holds when it has nothing to do. */
export async function coldstart({ rounds = 5 } = {}): Promise<void> {
  const path = (file: string): string => fileURLToPath(new URL(file, import.meta.url));
  const start = [path("../bin/hobnob.js"), "start"];
  const sides = new Map<string, { args: string[]; rounds: Start[] }>([
    [
      "hobnob start, Slack alone",
      { args: [...start, "--no-sandbox", "--config", path("./coldstart/slack.config.ts")], rounds: [] },
    ],
    ["Bolt", { args: [path("./ingest/bolt.ts")], rounds: [] }],
    ["hobnob start, five platforms and the sandbox", { args: start, rounds: [] }],
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
    ["", "ms", "the first ÷ this", "idle MB"],
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
  const file = join(folder, "hobnob.db");
  const env = {
    ...process.env,
    PORT: `${port}`,
    HOBNOB_STORAGE: `sqlite:${file}`,
    HOBNOB_LOG_LEVEL: "warn",
    BENCH_DATABASE: file,
    SLACK_BOT_TOKEN: BOT_TOKEN,
    SLACK_SIGNING_SECRET: SIGNING_SECRET,
    SLACK_BOT_USER_ID: "U0BOTUSER",
    SLACK_API_URL: "http://127.0.0.1:9/api/",
  };
  const began = performance.now();
  const child = spawn(process.execPath, [...args], { env, stdio: ["ignore", "ignore", "inherit"] });
  try {
    while (!(await isAnswered(port))) {
      if (child.exitCode !== null) throw new Error(`${args.join(" ")} ended with code ${child.exitCode}.`);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    const answered = performance.now() - began;
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    return { answered, memory: residentMegabytes(child.pid!) };
  } finally {
    await stop(child);
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
