import { CONFIG_HELP, CONFIG_OPTION, type Command, parseNumber, parseOptions, UsageError } from "./command.ts";
import { loadForFleet } from "./fleet-config.ts";
import { runProcess } from "./run-bot.ts";

export const work: Command = {
  help: `Runs handlers; other processes, \`hobnob serve\` or \`hobnob start\`, take the webhooks.

Usage: hobnob work [--pool NAME]... [--concurrency N] [--port N] [--config FILE]

Needs a storage that processes share: Postgres or Redis. Any number of workers may run, on any number of machines, and each
may be stopped or killed at any time: what it had not finished is done by another. There is no sandbox: a missing
credential is an error.

Options:
  --pool NAME     Runs the jobs of this pool only; may be given several times. Default: all pools.
  --concurrency N Handlers that run at once. Default: \`concurrency\` of the config, else 64.
  --port N        Answers /health and /ready there; 0 takes a free one. Default: it listens nowhere.
  ${CONFIG_HELP}

Ctrl+C (SIGINT) and SIGTERM stop it: running handlers end first, within \`stopTimeout\` of the config; what is left goes back
to its lane for other workers, and loses no attempt.

Exit codes: 0 stopped; 1 it cannot start, or it crashed; 2 wrong usage; 130, 143 ended at once by a second signal.

Example: HOBNOB_STORAGE=redis://localhost hobnob work --pool gpu --concurrency 2
`,
  async run({ args, env, print }) {
    const { values } = parseOptions("work", args, {
      ...CONFIG_OPTION,
      pool: { type: "string", multiple: true },
      concurrency: { type: "string" },
      port: { type: "string" },
    });
    const port = parseNumber("--port", values.port, { from: 0, to: 65_535, otherwise: -1 });
    const concurrency = parseNumber("--concurrency", values.concurrency, { from: 1, to: 100_000, otherwise: 0 });
    const { pool: pools } = values;
    if (pools?.includes("")) throw new UsageError("`--pool` is empty. Write the name of a pool, such as `default`.");
    const { config, log } = await loadForFleet("work", values.config, env);
    return runProcess({
      role: "work",
      config,
      port: port >= 0 ? port : undefined,
      unset: [],
      log,
      print,
      ...(pools && { pools }),
      ...(concurrency > 0 && { concurrency }),
    });
  },
};
