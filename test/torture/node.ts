import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, writeFileSync } from "node:fs";
import { join } from "node:path";
import { launcher } from "../cli/stage.ts";
import type { BotSettings } from "./bot-settings.ts";

const CLOCK_SHIFT = join(import.meta.dirname, "clock-shift.ts");
const CONFIG = join(import.meta.dirname, "bot.config.ts");

export interface NodeOptions {
  readonly name: string;
  readonly role: "start" | "serve" | "work";
  /** The only one that it works for; undefined for all. */
  readonly pool: string | undefined;
  /** Of webhooks and health. */
  readonly port: number;
  /** Where logs and the clock's file are. */
  readonly folder: string;
  readonly settings: BotSettings;
  /** It ended without being told to, after it had been ready. */
  onCollapse(name: string, how: string): void;
}

/** One process of the bot, which is started again whenever it ends. */
export interface Node {
  readonly name: string;
  readonly role: NodeOptions["role"];
  readonly origin: string;
  /** How often it was started. */
  readonly starts: number;
  /** Resolves when it is ready. */
  up(): Promise<void>;
  /** Ends it at once; it is started again. */
  kill(): Promise<void>;
  /** Stops it in good order; it is started again, until the next end with these settings. */
  restart(storage?: BotSettings["storage"]): Promise<void>;
  /** Stands still for so many ms. */
  freeze(ms: number): Promise<void>;
  /** Its wall clock is wrong by so many ms. */
  setClock(shift: number): void;
  /** Stops it in good order, for good. */
  stop(): Promise<void>;
}

const READY_EVERY_MS = 40;
const UP_WITHIN_MS = 45_000;
const STOP_WITHIN_MS = 20_000;

export function startNode(options: NodeOptions): Node {
  const { name, role, pool, port, folder, settings, onCollapse } = options;
  const origin = `http://127.0.0.1:${port}`;
  const clock = join(folder, `${name}.clock`);
  const log = createWriteStream(join(folder, `${name}.log`), { flags: "a" });
  let child: ChildProcess;
  let ended: Promise<void>;
  let storage = settings.storage;
  let starts = 0;
  let isOver = false;
  let isExpected = false;
  let wasReady = false;

  function start(): void {
    starts += 1;
    isExpected = false;
    wasReady = false;
    log.write(`--- start ${starts} at ${new Date().toISOString()}\n`);
    const { PATH, HOME } = process.env;
    child = spawn(
      process.execPath,
      [
        "--import",
        CLOCK_SHIFT,
        launcher,
        role,
        "--config",
        CONFIG,
        "--port",
        String(port),
        ...(role === "start" ? ["--no-sandbox"] : []),
        ...(pool === undefined ? [] : ["--pool", pool]),
      ],
      {
        cwd: folder,
        env: {
          PATH,
          HOME,
          HOBNOB_LOG_LEVEL: "warn",
          TORTURE_NODE: `${name}, start ${starts},`,
          TORTURE_CLOCK: clock,
          TORTURE: JSON.stringify({ ...settings, storage }),
        },
        stdio: ["ignore", "pipe", "pipe"],
      },
    );
    child.stdout!.pipe(log, { end: false });
    child.stderr!.pipe(log, { end: false });
    ended = once(child, "exit").then(([code, signal]) => {
      log.write(`--- ended: ${code ?? signal}\n`);
      if (!isExpected && wasReady) onCollapse(name, `${code ?? signal}`);
      if (isOver) return;
      // As a supervisor: at once after a crash, with a breath where it cannot start.
      if (isExpected || wasReady) start();
      else setTimeout(() => void (isOver || start()), 300);
    });
  }

  async function isReady(path: "/ready" | "/health"): Promise<boolean> {
    try {
      const { status } = await fetch(origin + path, { signal: AbortSignal.timeout(2000) });
      return status === 200;
    } catch {
      return false;
    }
  }

  async function up(path: "/ready" | "/health" = "/ready"): Promise<void> {
    const end = performance.now() + UP_WITHIN_MS;
    while (!isOver) {
      if (await isReady(path)) {
        wasReady = true;
        return;
      }
      if (performance.now() > end) throw new Error(`${name} is not ready after ${starts} starts; see ${folder}.`);
      await pause(READY_EVERY_MS);
    }
  }

  async function end(signal: NodeJS.Signals): Promise<void> {
    isExpected = true;
    const ending = ended;
    const late = setTimeout(() => child.kill("SIGKILL"), STOP_WITHIN_MS);
    child.kill(signal);
    // One that stands still hears nothing but this.
    child.kill("SIGCONT");
    await ending;
    clearTimeout(late);
  }

  start();
  // Whatever becomes of the kit: no bot stays behind.
  const atExit = () => void child.kill("SIGKILL");
  process.on("exit", atExit);
  return {
    name,
    role,
    origin,
    get starts() {
      return starts;
    },
    up: () => up(),
    async kill() {
      await end("SIGKILL");
      await up();
    },
    async restart(given = settings.storage) {
      storage = given;
      await end("SIGTERM");
      // On a full disk it may well say that it is not ready.
      await up(given === settings.storage ? "/ready" : "/health");
    },
    async freeze(ms) {
      const frozen = child;
      frozen.kill("SIGSTOP");
      await pause(ms);
      frozen.kill("SIGCONT");
    },
    setClock: (shift) => writeFileSync(clock, String(shift)),
    async stop() {
      isOver = true;
      if (child.exitCode === null && child.signalCode === null) await end("SIGTERM");
      process.off("exit", atExit);
      log.end();
    },
  };
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
