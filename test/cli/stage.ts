import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";

export const root: string = resolve(import.meta.dirname, "../..");
export const launcher: string = join(root, "bin/hobnob.js");

export interface Result {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunningBot {
  readonly url: string;
  readonly process: ChildProcess;
  /** Resolves when this was written to stdout or stderr. */
  said(text: string): Promise<void>;
  /** Sends a message to the adapter `test`; resolves with the HTTP status once it is stored. */
  hears(id: string, text: string): Promise<number>;
  /** Resolves when the process has ended. */
  readonly ended: Promise<Result>;
  stop(): Promise<Result>;
}

/** A bot's folder of its own, in which `hobnob` is installed. */
export interface Project extends Disposable {
  readonly folder: string;
  write(file: string, text: string): void;
  hobnob(args: readonly string[], env?: NodeJS.ProcessEnv): Promise<Result>;
  start(args?: readonly string[], env?: NodeJS.ProcessEnv): Promise<RunningBot>;
  /** The same for `serve` and `work`; what listens nowhere has an empty URL. */
  run(command: string, args?: readonly string[], env?: NodeJS.ProcessEnv): Promise<RunningBot>;
}

/** An adapter that is spoken to over HTTP and says on stdout what it sends, and a plugin with its good and bad days. */
const CONFIG = `
import { existsSync } from "node:fs";
import { defineConfig, definePlugin } from "hobnob";
import { sqlite } from "hobnob/storage/sqlite";

export function adapter(name = "test", missing: string[] = []) {
  let host: any;
  return {
    name, platform: "test", paths: ["/" + name], missing,
    limits: { textLength: 4000, ackSeconds: 3, inlineAck: false },
    async start(given: any) { host = given; },
    async send(to: any, reply: any) { console.log("sent " + reply.text); return { id: "1", conversation: to }; },
    async webhook({ body }: any) {
      const { id, text } = JSON.parse(new TextDecoder().decode(body));
      const conversation = { adapter: name, id: "general", isDirect: false };
      const author = { id: "ada", name: "Ada", isBot: false };
      const at = "2026-01-31T12:00:00.000Z";
      const { duplicate } = await host.receive({ kind: "message", id, conversation, author, text, isMention: false, attachments: [], sentAt: at });
      return { status: duplicate ? 208 : 200 };
    },
  };
}

export const toaster = definePlugin({
  name: "toaster",
  setup(bot) {
    bot.hears("toast", async (ctx) => {
      if (existsSync("broken")) throw new Error("the toaster is broken");
      await ctx.reply(ctx.message.text);
    }, { attempts: 1 });
    bot.hears("slowly", async (ctx) => {
      console.log("begins");
      while (!existsSync("finish")) await new Promise((resolve) => setTimeout(resolve, 5));
      await ctx.reply("at last");
    });
    bot.hears("reject", () => { Promise.reject(new Error("nobody waits for me")); return new Promise(() => {}); });
  },
});

export const parts = { name: "test", storage: sqlite({ file: "data/test.db" }), adapters: [adapter()], plugins: [toaster()] };
`;

export function createProject(config = "export default defineConfig(parts);"): Project {
  const folder = mkdtempSync(join(tmpdir(), "hobnob-cli-"));
  const running = new Set<ChildProcess>();
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(root, join(folder, "node_modules/hobnob"));

  function write(file: string, text: string) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  }

  function run(args: readonly string[], env: NodeJS.ProcessEnv) {
    const child = launch([launcher, ...args], folder, env);
    running.add(child.process);
    child.process.once("exit", () => running.delete(child.process));
    return child;
  }

  async function up(args: readonly string[], env: NodeJS.ProcessEnv): Promise<RunningBot> {
    const { process, said, ended, output } = run(args, env);
    await said("Ctrl+C stops it.");
    const url = /http:\/\/[^/\s]+/.exec(output())?.[0] ?? "";
    return {
      url,
      process,
      said,
      ended,
      async hears(id, text) {
        return (await fetch(`${url}/test`, { method: "POST", body: JSON.stringify({ id, text }) })).status;
      },
      stop() {
        process.kill("SIGTERM");
        return ended;
      },
    };
  }

  write("plugins.config.ts", `${CONFIG}${config}`);
  return {
    folder,
    write,
    hobnob: (args, env = {}) => run(args, env).ended,
    start: (args = [], env = {}) => up(["start", "--port", "0", ...args], env),
    run: (command, args = [], env = {}) => up([command, ...args], env),
    [Symbol.dispose]() {
      for (const child of running) child.kill("SIGKILL");
      rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

/** Runs this Node in a bare environment. */
export function launch(args: readonly string[], cwd: string, env: NodeJS.ProcessEnv = {}) {
  const { PATH, HOME } = process.env;
  const child = spawn(process.execPath, args, { cwd, env: { PATH, HOME, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  const watchers = new Set<() => void>();
  const look = () => {
    for (const watcher of watchers) watcher();
  };
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
    look();
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
    look();
  });
  const ended = once(child, "close").then(([code, signal]): Result => ({ code, signal, stdout, stderr }));
  return {
    process: child,
    ended,
    output: () => stdout,
    said: (text: string) =>
      new Promise<void>((resolve, reject) => {
        const watcher = () => {
          if (!stdout.includes(text) && !stderr.includes(text)) return;
          watchers.delete(watcher);
          resolve();
        };
        watchers.add(watcher);
        watcher();
        ended.then(() => reject(new Error(`It ended without saying "${text}":\n${stdout}${stderr}`)));
      }),
  };
}
