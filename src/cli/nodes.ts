import type { FleetNode } from "../core/index.ts";
import { CONFIG_HELP, CONFIG_OPTION, type Command, parseOptions } from "./command.ts";
import { loadEnv, loadStorage } from "./config-file.ts";
import { createLog } from "./log.ts";
import { withOperator } from "./operator-client.ts";
import { renderAge, renderTable } from "./table.ts";

export const nodes: Command = {
  help: `Lists the processes that share the storage: what they are, where, since when.

Usage: hobnob nodes [--json] [--config FILE]

A process that was killed stands here until the others have noticed, some seconds. A storage for a single process, such as
sqlite:, has no list.

Options:
  --json          A JSON list, with a digest of what each plugin does.
  ${CONFIG_HELP}

Exit codes: 0 fine; 1 the storage cannot be read; 2 wrong usage.

Example: hobnob nodes
`,
  async run({ args, env, print }) {
    const { values } = parseOptions("nodes", args, { ...CONFIG_OPTION, json: { type: "boolean" } });
    loadEnv();
    const storage = await loadStorage(values.config);
    const log = createLog(env.HOBNOB_LOG_LEVEL);
    const found = await withOperator(storage, log, (operator) => operator.nodes());
    const others = (found ?? []).filter(({ isSelf }) => !isSelf);
    if (values.json) print(JSON.stringify(others, undefined, 2));
    else if (found === undefined) print(`${storage.name} is for a single process`);
    else if (others.length === 0) print("no processes");
    else for (const line of renderNodes(others)) print(line);
    return 0;
  },
};

function renderNodes(nodes: readonly FleetNode[]): readonly string[] {
  const now = Date.now();
  const rows = nodes
    .toSorted((one, other) => one.startedAt - other.startedAt)
    .map(({ role, bot, host, pid, version, pools, startedAt }) => [
      ...[role, bot || "-", host, String(pid), version],
      role === "start" || role === "work" ? (pools?.join(", ") ?? "all") : "-",
      renderAge(now - startedAt),
    ]);
  return renderTable(["role", "bot", "host", "pid", "version", "pools", "up for"], rows);
}
