import { type Doubt, type JobInfo, type LedgerLine, parseDuration } from "../core/index.ts";
import { CONFIG_HELP, CONFIG_OPTION, type Command, parseOptions, type Terminal, UsageError } from "./command.ts";
import { loadEnv, loadStorage } from "./config-file.ts";
import { createLog } from "./log.ts";
import type { Audit } from "./operator.ts";
import { withOperator } from "./operator-client.ts";
import { renderAge, renderTable, renderTime } from "./table.ts";

type Counts = Omit<LedgerLine, "day" | "adapter" | "plugin">;

const COUNTS = ["received", "done", "ignored", "dead", "discarded", "inFlight", "duplicates"] as const;
const SHOWN_DOUBTS = 20;
const SHOWN_JOBS = 20;

export const audit: Command = {
  help: `Proves that no message was lost: on each line received = done + ignored + dead + discarded + in flight.

Usage: hobnob audit [--since DAY] [--json] [--config FILE]

Counts are of jobs, by the day (UTC) on which they were stored; a message that no plugin wanted counts as one ignored.
Duplicates are events that were told again and dropped: by a redelivery, or because Slack tells of a mention twice.
"Maybe sent twice" are posts that were made again because nobody could say whether the platform had taken the first.
What is in flight has no outcome yet; the oldest of it is shown.
Works on a stopped and on a running bot, and beside any number of processes on Postgres or Redis.

Options:
  --since DAY     Only from this day on: 2026-01-31, or so long ago (24h, 7d).
  --json          Everything as one JSON object: ok, since, totals, adapters, plugins, lines, outcomes (of posts in
                  doubt), doubts, jobs (in flight, the oldest first, at most 1000).
  ${CONFIG_HELP}

Exit codes: 0 it adds up; 1 it does not (says which line, and by how much), or it cannot be read; 2 wrong usage.

Example: hobnob audit --since 24h --json
`,
  async run({ args, env, print }) {
    const options = { ...CONFIG_OPTION, json: { type: "boolean" }, since: { type: "string" } } as const;
    const { values } = parseOptions("audit", args, options);
    const since = parseSince(values.since);
    loadEnv();
    const storage = await loadStorage(values.config);
    const log = createLog(env.HOBNOB_LOG_LEVEL);
    const found = await withOperator(storage, log, (operator) => operator.audit({ since }));
    const wrong = found.lines.filter((line) => missing(line) !== 0);
    const totals = total(found.lines);
    if (values.json) print(JSON.stringify(asJson(found, { since, totals, ok: wrong.length === 0 }), undefined, 2));
    else report(print, { ...found, totals, wrong });
    return wrong.length === 0 ? 0 : 1;
  },
};

/** The day from which on, UTC. @throws UsageError */
function parseSince(since: string | undefined): string | undefined {
  if (since === undefined) return undefined;
  const ago = parseDuration(since);
  const at =
    ago === undefined && /^\d{4}-\d\d-\d\d$/.test(since) ? Date.parse(since) : Date.now() - (ago ?? Number.NaN);
  if (Number.isFinite(at)) return new Date(at).toISOString().slice(0, 10);
  throw new UsageError(
    `\`--since\` is ${JSON.stringify(since)}. Write a day such as 2026-01-31, or a time such as 24h.`,
  );
}

/** How many jobs of a line are accounted for nowhere; below 0 when more ended than came. */
function missing({ received, done, ignored, dead, discarded, inFlight }: Counts): number {
  return received - (done + ignored + dead + discarded + inFlight);
}

function total(lines: readonly LedgerLine[]): Counts {
  const sum = { received: 0, done: 0, ignored: 0, dead: 0, discarded: 0, inFlight: 0, duplicates: 0 };
  for (const line of lines) for (const key of COUNTS) sum[key] += line[key];
  return sum;
}

function totalsBy(key: "adapter" | "plugin", lines: readonly LedgerLine[]): Readonly<Record<string, Counts>> {
  const groups = Object.groupBy(lines, (line) => line[key]);
  return Object.fromEntries(Object.entries(groups).map(([name, group]) => [name, total(group ?? [])]));
}

const OUTCOMES = { found: "found", "not found": "notFound", "sent again": "sentAgain" } as const;

function outcomesOf(doubts: readonly Doubt[]) {
  const counts = { found: 0, notFound: 0, sentAgain: 0 };
  for (const { outcome } of doubts) counts[OUTCOMES[outcome]] += 1;
  return counts;
}

function asJson(
  { lines, doubts, jobs }: Audit,
  { since, totals, ok }: { readonly since: string | undefined; readonly totals: Counts; readonly ok: boolean },
) {
  const [adapters, plugins] = [totalsBy("adapter", lines), totalsBy("plugin", lines)];
  return { ok, ...(since && { since }), totals, adapters, plugins, lines, outcomes: outcomesOf(doubts), doubts, jobs };
}

interface Report extends Audit {
  readonly totals: Counts;
  readonly wrong: readonly LedgerLine[];
}

function report(print: Terminal["print"], { lines, doubts, jobs, totals, wrong }: Report): void {
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
  reportJobs(print, jobs, totals.inFlight);
  if (totals.dead > 0) {
    print("");
    print(`dead letters: ${totals.dead}; \`hobnob dead list\` shows why`);
  }
  reportDoubts(print, doubts);
  print("");
  for (const line of wrong) {
    const by = missing(line);
    const what = by > 0 ? `${by} received and accounted for nowhere` : `${-by} accounted for and never received`;
    print(`wrong: ${line.day} ${line.adapter || "-"} ${line.plugin || "-"}: ${what}`);
  }
  if (wrong.length === 0) print("ok: every job that was received is accounted for");
}

function reportJobs(print: Terminal["print"], jobs: readonly JobInfo[], inFlight: number): void {
  if (jobs.length === 0) return;
  const now = Date.now();
  const shown = jobs.slice(0, SHOWN_JOBS);
  const more = Math.max(jobs.length, inFlight) - shown.length;
  print("");
  print("in flight, the oldest first:");
  const rows = shown.map(({ id, state, attempt, storedAt, adapter, plugin, handler, lastError }) => [
    ...[id, state, attempt, renderAge(now - storedAt), adapter || "-", plugin, handler],
    lastError === undefined ? "" : `${lastError.code}: ${lastError.message}`,
  ]);
  const head = ["id", "state", "attempt", "age", "adapter", "plugin", "handler", "last error"];
  for (const line of renderTable(head, rows)) print(line);
  if (more > 0) print(`… and ${more} more: hobnob jobs`);
}

function reportDoubts(print: Terminal["print"], doubts: readonly Doubt[]): void {
  if (doubts.length === 0) return;
  const twice = doubts.filter(({ outcome }) => outcome === "sent again");
  const { found, notFound } = outcomesOf(doubts);
  print("");
  print(
    `posts in doubt: ${doubts.length}, of these maybe sent twice: ${twice.length}, found: ${found}, not found: ${notFound}`,
  );
  const rows = twice.slice(0, SHOWN_DOUBTS).map((of) => [renderTime(of.at), of.adapter, of.plugin, of.job, of.step]);
  if (rows.length > 0)
    for (const line of renderTable(["at (UTC)", "adapter", "plugin", "job", "step"], rows)) print(line);
  if (twice.length > SHOWN_DOUBTS) print(`… and ${twice.length - SHOWN_DOUBTS} more: hobnob audit --json`);
}
