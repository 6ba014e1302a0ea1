import { CONFIG_HELP, CONFIG_OPTION, type Command, parseNumber, parseOptions } from "./command.ts";
import { loadForFleet } from "./fleet-config.ts";
import { runProcess } from "./run-bot.ts";

export const serve: Command = {
  help: `Takes webhooks and stores them; other processes, \`hobnob work\`, run the handlers.

Usage: hobnob serve [--port N] [--config FILE]

Needs a storage that processes share: Postgres or Redis. Any number of them may run behind a load balancer, and each may be
stopped at any time: an event is stored before it is acknowledged. There is no sandbox: a missing credential is an error.

Options:
  --port N        Port of the webhooks; 0 takes a free one. Default: \`server.port\` of the config, else 3000.
  ${CONFIG_HELP}

Ctrl+C (SIGINT) and SIGTERM stop it: it takes no new requests, and stores and answers those that have come in.

Exit codes: 0 stopped; 1 it cannot start, or it crashed; 2 wrong usage; 130, 143 ended at once by a second signal.

Example: HOBNOB_STORAGE=postgres://localhost/hobnob hobnob serve --port 8080
`,
  async run({ args, env, print }) {
    const { values } = parseOptions("serve", args, { ...CONFIG_OPTION, port: { type: "string" } });
    const port = parseNumber("--port", values.port, { from: 0, to: 65_535, otherwise: -1 });
    const { config, log } = await loadForFleet("serve", values.config, env);
    const chosen = port >= 0 ? port : (config.server?.port ?? 3000);
    return runProcess({ role: "serve", config, port: chosen, unset: [], log, print });
  },
};
