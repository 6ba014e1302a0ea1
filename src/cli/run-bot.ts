import { type BotOptions, type Config, createBot, type Log } from "../core/index.ts";
import { type Server, startServer } from "../server/index.ts";
import { renderBanner } from "./banner.ts";
import type { Terminal } from "./command.ts";
import { type OperatorServer, serveOperator } from "./operator-server.ts";
import { connect, type Outside, openSandbox } from "./outside.ts";
import { settleSoon } from "./settle.ts";
import { createStopSignal, exitOnCrash, type StopSignal } from "./stop-signal.ts";

/** What a process of a bot is run with, whatever its part. */
export interface BotProcess extends Pick<BotOptions, "pools" | "concurrency"> {
  readonly role: NonNullable<BotOptions["role"]>;
  readonly config: Config;
  /** Undefined: it answers no HTTP. */
  readonly port: number | undefined;
  /** What misses credentials, and gets a sandbox. */
  readonly unset: readonly Outside[];
  readonly log: Log;
  readonly print: Terminal["print"];
}

const LINGER_MS = 500;

/** Runs a bot until a signal ends it; resolves with the exit code. */
export async function runProcess(options: BotProcess): Promise<number> {
  exitOnCrash(options.log);
  const stopSignal = createStopSignal(options.log);
  try {
    await runBot(options, stopSignal);
    return 0;
  } finally {
    // Whatever a plugin left running must not keep a stopped bot alive.
    setTimeout(() => process.exit(), LINGER_MS).unref();
  }
}

async function runBot(options: BotProcess, stopSignal: StopSignal): Promise<void> {
  const { role, config, unset, log, print, pools, concurrency } = options;
  let server: Server | undefined;
  await using life = new AsyncDisposableStack();
  const bot = createBot(config, {
    log,
    role,
    url: () => server?.url ?? "",
    sandboxed: unset.map(({ name }) => name),
    ...(pools && { pools }),
    ...(concurrency && { concurrency }),
  });
  // Noted before they are in the sandbox: then nothing is missing any more.
  const reasons = new Map(unset.map(({ name, missing }) => [name, missing]));
  const sandbox = unset.length === 0 ? undefined : await openSandbox(() => server?.url ?? "", config, log);
  // Before the bot: health can be asked at once, and the simulators have to be there when the adapters start.
  server = await listen(options, bot, sandbox?.fetch);
  // Stopped in reverse: handlers that still run may speak to the simulators, whose pages keep connections open.
  if (role !== "serve") life.defer(async () => server?.stop());
  if (sandbox !== undefined) {
    life.defer(() => sandbox.close());
    for (const outside of unset) connect(outside, sandbox, server?.url ?? "");
    bot.watch(sandbox.trace);
  }
  // Who looks at the bot may do so until its handlers have ended; then it lets go of the storage, which is asked directly.
  let operator: OperatorServer | undefined;
  life.defer(async () => operator?.close());
  life.defer(() => bot.stop());
  // No handler runs here: what has come in is answered first, while it can still be stored.
  if (role === "serve") life.defer(async () => server?.stop());
  await bot.start();
  if (sandbox !== undefined && bot.storage.fleet?.nodes().some(({ isSelf, role }) => !isSelf && role !== "tool")) {
    log.warn({}, "Other processes share the storage, and this one's sandbox is its own: they cannot answer there.");
  }
  // Where processes share a storage, the operator's commands open it themselves.
  if (bot.storage.fleet === undefined) operator = await serveOperator(bot.storage, log);
  for (const line of renderBanner({ config, role, url: server?.url, pools, reasons })) print(line);
  settleSoon();
  const signal = await stopSignal.received;
  log.info({ signal }, "Stopping: running handlers may end first.");
  await life.disposeAsync();
  log.info({}, "Stopped.");
}

type Fetch = (request: Request) => Response | Promise<Response>;

async function listen(
  { config, port, log }: BotProcess,
  bot: ReturnType<typeof createBot>,
  fallback: Fetch | undefined,
): Promise<Server | undefined> {
  if (port === undefined) return undefined;
  const { host, bodyLimit } = config.server ?? {};
  if (fallback !== undefined && host !== undefined && !isLoopback(host)) {
    log.warn(
      { host },
      "The sandbox is on, and others on the network can reach it. Leave `server.host` out to keep it to this machine.",
    );
  }
  return startServer({
    bot,
    host: host ?? (fallback === undefined ? "::" : "127.0.0.1"),
    port,
    log,
    ...(bodyLimit !== undefined && { bodyLimit }),
    ...(fallback && { fallback }),
  });
}

const isLoopback = (host: string) => host === "localhost" || host === "::1" || host.startsWith("127.");
