import { type Config, createBot, HobnobError, type Log } from "../core/index.ts";
import { startServer } from "../server/index.ts";
import { renderBanner } from "./banner.ts";
import { CONFIG_HELP, CONFIG_OPTION, type Command, parseNumber, parseOptions, type Terminal } from "./command.ts";
import { loadConfig, loadEnv } from "./config-file.ts";
import { createLog } from "./log.ts";
import { giveBackMemory } from "./memory.ts";
import { serveOperator } from "./operator-server.ts";
import { checkServer } from "./server-config.ts";
import { createStopSignal, exitOnCrash, type StopSignal } from "./stop-signal.ts";

export const start: Command = {
  help: `Starts the bot: webhooks, handlers, and simulated platforms where credentials are missing.

Usage: hobnob start [--port N] [--no-sandbox] [--config FILE]

Reads .env of this folder; what is set in the environment already wins. An adapter that misses credentials is connected to
the simulator of its platform, whose page is at the printed address. With NODE_ENV=production or --no-sandbox
a missing credential is an error instead.

Options:
  --port N        Port of webhooks and page; 0 takes a free one. Default: \`server.port\` of the config, else 3000.
  --no-sandbox    No simulated platforms.
  ${CONFIG_HELP}

Ctrl+C (SIGINT) and SIGTERM stop it: running handlers end first, the rest waits in the storage. A second one ends it at once,
as does an error that no handler caught (exit code 1); what had been stored by then is done after the next start.

Exit codes: 0 stopped; 1 it cannot start, or it crashed; 2 wrong usage; 130, 143 ended at once by a second signal.

Example: PORT=8080 hobnob start
`,
  async run({ args, env, print }) {
    const options = { ...CONFIG_OPTION, port: { type: "string" }, "no-sandbox": { type: "boolean" } } as const;
    const { values } = parseOptions("start", args, options);
    const port = parseNumber("--port", values.port, { from: 0, to: 65_535, otherwise: -1 });
    loadEnv();
    const log = createLog(env.HOBNOB_LOG_LEVEL);
    const config = await loadConfig(values.config);
    const server = { ...checkServer(config.server, env.PORT), ...(port >= 0 && { port }) };
    const unset = outsidesOf(config).filter(({ missing }) => missing.length > 0);
    const isForReal = env.NODE_ENV === "production" || values["no-sandbox"] === true;
    if (isForReal && unset.length > 0) throw missingCredentials(unset, env.NODE_ENV);

    exitOnCrash(log);
    const stopSignal = createStopSignal(log);
    try {
      await runBot({ config: { ...config, server }, unset, log, print, stopSignal });
      return 0;
    } finally {
      // Whatever a plugin left running must not keep a stopped bot alive.
      setTimeout(() => process.exit(), LINGER_MS).unref();
    }
  },
};

const LINGER_MS = 500;

interface BotRun {
  readonly config: Config;
  /** What misses credentials. */
  readonly unset: readonly Outside[];
  readonly log: Log;
  readonly print: Terminal["print"];
  readonly stopSignal: StopSignal;
}

async function runBot({ config, unset, log, print, stopSignal }: BotRun): Promise<void> {
  const { port = 3000, host, bodyLimit } = config.server ?? {};
  await using life = new AsyncDisposableStack();
  const bot = createBot(config, { log, url: () => server.url, sandboxed: unset.map(({ name }) => name) });
  // Noted before they are in the sandbox: then nothing is missing any more.
  const reasons = new Map(unset.map(({ name, missing }) => [name, missing]));
  const sandbox = unset.length === 0 ? undefined : await openSandbox(() => server.url, config.name, log);
  if (sandbox !== undefined && host !== undefined && !isLoopback(host)) {
    log.warn(
      { host },
      "The sandbox is on, and others on the network can reach it. Leave `server.host` out to keep it to this machine.",
    );
  }
  // Before the bot: health can be asked at once, and the simulators have to be there when the adapters start.
  const server = await startServer({
    bot,
    host: host ?? (sandbox === undefined ? "::" : "127.0.0.1"),
    port,
    log,
    ...(bodyLimit !== undefined && { bodyLimit }),
    ...(sandbox !== undefined && { fallback: sandbox.fetch }),
  });
  // Stopped in reverse: handlers that still run may speak to the simulators, whose pages keep connections open.
  life.defer(() => server.stop());
  if (sandbox !== undefined) {
    life.defer(() => sandbox.close());
    for (const outside of unset) connect(outside, sandbox, server.url);
    bot.watch(sandbox.trace);
  }
  life.defer(() => bot.stop());
  await bot.start();
  const operator = await serveOperator(bot.storage, log);
  life.defer(() => operator.close());
  for (const line of renderBanner({ config, url: server.url, reasons })) print(line);
  giveBackMemory();
  const signal = await stopSignal.received;
  log.info({ signal }, "Stopping: running handlers may end first.");
  await life.disposeAsync();
  log.info({}, "Stopped.");
}

async function openSandbox(url: () => string, botName: string, log: Log) {
  const { createSandbox } = await import("../sandbox/index.ts");
  return createSandbox({ url, botName, log });
}

/** Something outside that the sandbox can stand in for: an adapter's platform, or a plugin's service. */
interface Outside {
  readonly name: string;
  /** For messages: "adapter" or "plugin". */
  readonly kind: string;
  readonly platform: string;
  /** The path of the webhook that it calls. */
  readonly path: string;
  readonly missing: readonly string[];
  sandbox?(credentials: Readonly<Record<string, string>>): void;
}

function outsidesOf({ adapters, plugins }: Config): readonly Outside[] {
  return [
    ...adapters.map((adapter) => ({
      name: adapter.name,
      kind: "adapter",
      platform: adapter.platform,
      path: adapter.paths[0] ?? "/",
      missing: adapter.missing,
      ...(adapter.sandbox && { sandbox: adapter.sandbox.bind(adapter) }),
    })),
    ...plugins.flatMap(({ name, service }) =>
      service === undefined
        ? []
        : {
            name,
            kind: "plugin",
            platform: service.platform,
            path: service.webhook ?? "/",
            missing: service.missing,
            sandbox: service.sandbox.bind(service),
          },
    ),
  ];
}

function connect(outside: Outside, sandbox: Awaited<ReturnType<typeof openSandbox>>, url: string): void {
  const { name, kind, platform, path, missing } = outside;
  const credentials = outside.sandbox && sandbox.connect({ platform, name, webhook: `${url}${path}` });
  if (credentials === undefined) {
    throw new HobnobError(
      "CONFIG_MISSING_CREDENTIAL",
      `The ${kind} \`${name}\`: ${missing.join(", ")} not set, and the sandbox has no simulator of ${platform}. Set it in the environment or in .env.`,
    );
  }
  outside.sandbox?.(credentials);
}

function missingCredentials(unset: readonly Outside[], nodeEnv: string | undefined): HobnobError {
  const names = unset.flatMap(({ name, kind, missing }) =>
    missing.map((variable) => `${variable} (${kind} \`${name}\`)`),
  );
  const why = nodeEnv === "production" ? "NODE_ENV=production" : "--no-sandbox";
  return new HobnobError(
    "CONFIG_MISSING_CREDENTIAL",
    `Not set: ${names.join(", ")}. Set them in the environment or in .env, or take what needs them out of the config; with ${why} there is no sandbox.`,
  );
}

const isLoopback = (host: string) => host === "localhost" || host === "::1" || host.startsWith("127.");
