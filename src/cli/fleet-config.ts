import type { Config, Log } from "../core/index.ts";
import type { Terminal } from "./command.ts";
import { loadConfig, loadEnv } from "./config-file.ts";
import { createLog } from "./log.ts";
import { missingCredentials, outsidesOf } from "./outside.ts";
import { checkServer } from "./server-config.ts";

/**
 * The config and the log of a process that is a part of a fleet.
 * @throws HobnobError `CONFIG_*`, `CONFIG_MISSING_CREDENTIAL` too: each process would have a sandbox of its own
 */
export async function loadForFleet(
  command: string,
  named: string | undefined,
  env: Terminal["env"],
): Promise<{ readonly config: Config; readonly log: Log }> {
  loadEnv();
  const log = createLog(env.HOBNOB_LOG_LEVEL);
  const config = await loadConfig(named);
  const server = checkServer(config.server, env);
  const unset = outsidesOf(config).filter(({ missing }) => missing.length > 0);
  if (unset.length > 0) throw missingCredentials(unset, `hobnob ${command}`);
  return { config: { ...config, server }, log };
}
