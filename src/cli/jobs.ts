import { CONFIG_HELP, CONFIG_OPTION, type Command, parseNumber, parseOptions } from "./command.ts";
import { loadEnv, loadStorage } from "./config-file.ts";
import { createLog } from "./log.ts";
import { withOperator } from "./operator-client.ts";
import { renderTable, renderTime } from "./table.ts";

export const jobs: Command = {
  help: `Lists the jobs that wait, run, or wait for their time or their next attempt.

Usage: hobnob jobs [--limit N] [--json] [--config FILE]

Options:
  --limit N       At most so many. Default: 50.
  --json          A JSON list.
  ${CONFIG_HELP}

Exit codes: 0 fine; 1 the jobs cannot be read; 2 wrong usage.

Example: hobnob jobs --limit 10
`,
  async run({ args, env, print }) {
    const { values } = parseOptions("jobs", args, {
      ...CONFIG_OPTION,
      json: { type: "boolean" },
      limit: { type: "string" },
    });
    const limit = parseNumber("--limit", values.limit, { from: 1, to: 1_000_000, otherwise: 50 });
    loadEnv();
    const storage = await loadStorage(values.config);
    const log = createLog(env.HOBNOB_LOG_LEVEL);
    const found = await withOperator(storage, log, (operator) => operator.jobs(limit));
    if (values.json) print(JSON.stringify(found, undefined, 2));
    else if (found.length === 0) print("no jobs");
    else {
      const rows = found.map((job) => [
        job.id,
        job.state,
        job.attempt,
        job.adapter || "-",
        job.plugin,
        job.handler,
        renderTime(job.storedAt),
        renderTime(job.runAt),
        job.lastError === undefined ? "" : `${job.lastError.code}: ${job.lastError.message}`,
      ]);
      const head = [
        "id",
        "state",
        "attempt",
        "adapter",
        "plugin",
        "handler",
        "stored (UTC)",
        "due (UTC)",
        "last error",
      ];
      for (const line of renderTable(head, rows)) print(line);
      if (found.length === limit) print(`… there may be more: hobnob jobs --limit ${limit * 10}`);
    }
    return 0;
  },
};
