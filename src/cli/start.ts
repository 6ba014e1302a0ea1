import { CONFIG_HELP, CONFIG_OPTION, type Command, parseNumber, parseOptions } from "./command.ts";
import { loadConfig, loadEnv } from "./config-file.ts";
import { createLog } from "./log.ts";
import { missingCredentials, outsidesOf } from "./outside.ts";
import { runProcess } from "./run-bot.ts";
import { checkServer } from "./server-config.ts";

export const start: Command = {
  help: `Starts the bot: webhooks, handlers, and simulated platforms where credentials are missing.

Usage: hobnob start [--port N] [--no-sandbox] [--config FILE]

Reads .env of this folder; what is set in the environment already wins. An adapter that misses credentials is connected to
the simulator of its platform, whose page is at the printed address. With NODE_ENV=production or --no-sandbox
a missing credential is an error instead.

Options:
  --port N        Port of webhooks and page; 0 takes a free one. Default: \`server.port\` of the config, else PORT, else 3000.
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
    const server = { ...checkServer(config.server, env), ...(port >= 0 && { port }) };
    const unset = outsidesOf(config).filter(({ missing }) => missing.length > 0);
    const isForReal = env.NODE_ENV === "production" || values["no-sandbox"] === true;
    if (isForReal && unset.length > 0) {
      throw missingCredentials(unset, env.NODE_ENV === "production" ? "NODE_ENV=production" : "--no-sandbox");
    }

    return runProcess({ role: "start", config: { ...config, server }, port: server.port ?? 3000, unset, log, print });
  },
};
