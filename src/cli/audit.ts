import type { Doubt, LedgerLine } from "../core/index.ts";
import { CONFIG_HELP, CONFIG_OPTION, type Command, parseOptions, type Terminal } from "./command.ts";
import { loadEnv, loadStorage } from "./config-file.ts";
import { createLog } from "./log.ts";
import type { Audit } from "./operator.ts";
import { withOperator } from "./operator-client.ts";
import { renderTable, renderTime } from "./table.ts";

type Counts = Omit<LedgerLine, "day" | "adapter" | "plugin">;

const COUNTS = ["received", "done", "ignored", "dead", "discarded", "inFlight", "duplicates"] as const;
const SHOWN_DOUBTS = 20;

export const audit: Command = {
  help: `Proves that no message was lost: on each line received = done + ignored + dead + discarded + in flight.

Usage: hobnob audit [--json] [--config FILE]

Counts are of jobs, by the day (UTC) on which they were stored; a message that no plugin wanted counts as one ignored.
Duplicates are redeliveries that were dropped. "Maybe sent twice" are posts that were made again because nobody could
say whether the platform had taken the first. Works on a stopped and on a running bot.

Options:
  --json          Everything as one JSON object: ok, lines, totals, doubts.
  ${CONFIG_HELP}

Exit codes: 0 it adds up; 1 it does not (says which line, and by how much), or it cannot be read; 2 wrong usage.

Example: hobnob audit --json
`,
  async run({ args, env, print }) {
    const { values } = parseOptions("audit", args, { ...CONFIG_OPTION, json: { type: "boolean" } });
    loadEnv();
    const storage = await loadStorage(values.config);
    const log = createLog(env.HOBNOB_LOG_LEVEL);
    const found = await withOperator(storage, log, (operator) => operator.audit());
    const wrong = found.lines.filter((line) => missing(line) !== 0);
    const totals = total(found.lines);
    if (values.json) print(JSON.stringify({ ok: wrong.length === 0, totals, ...found }, undefined, 2));
    else report(print, { ...found, totals, wrong });
    return wrong.length === 0 ? 0 : 1;
  },
};

/** How many jobs of a line are accounted for nowhere; below 0 when more ended than came. */
function missing({ received, done, ignored, dead, discarded, inFlight }: Counts): number {
  return received - (done + ignored + dead + discarded + inFlight);
}

function total(lines: readonly LedgerLine[]): Counts {
  const sum = { received: 0, done: 0, ignored: 0, dead: 0, discarded: 0, inFlight: 0, duplicates: 0 };
  for (const line of lines) for (const key of COUNTS) sum[key] += line[key];
  return sum;
}

interface Report extends Audit {
  readonly totals: Counts;
  readonly wrong: readonly LedgerLine[];
}

function report(print: Terminal["print"], { lines, doubts, totals, wrong }: Report): void {
  const counts = (of: Counts) => COUNTS.map((key) => of[key]);
  const rows = lines.map((line) => [line.day, line.adapter || "-", line.plugin || "-", ...counts(line)]);
  const head = [
    "day",
    "adapter",
    "plugin",
    "received",
    "done",
    "ignored",
    "dead",
    "discarded",
    "in flight",
    "duplicates",
  ];
  for (const line of renderTable(head, [...rows, ["total", "", "", ...counts(totals)]])) print(line);
  reportDoubts(print, doubts);
  print("");
  for (const line of wrong) {
    const by = missing(line);
    const what = by > 0 ? `${by} received and accounted for nowhere` : `${-by} accounted for and never received`;
    print(`wrong: ${line.day} ${line.adapter || "-"} ${line.plugin || "-"}: ${what}`);
  }
  if (wrong.length === 0) print("ok: every job that was received is accounted for");
}

function reportDoubts(print: Terminal["print"], doubts: readonly Doubt[]): void {
  const twice = doubts.filter(({ outcome }) => outcome === "sent again");
  if (doubts.length === 0) return;
  print("");
  print(`posts in doubt: ${doubts.length}, of these maybe sent twice: ${twice.length}`);
  const rows = twice.slice(0, SHOWN_DOUBTS).map((of) => [renderTime(of.at), of.adapter, of.plugin, of.job, of.step]);
  if (rows.length > 0)
    for (const line of renderTable(["at (UTC)", "adapter", "plugin", "job", "step"], rows)) print(line);
  if (twice.length > SHOWN_DOUBTS) print(`… and ${twice.length - SHOWN_DOUBTS} more: hobnob audit --json`);
}
