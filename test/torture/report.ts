import type { Report } from "./torture.ts";

/** A run as a line of JSON tells it. */
export type ReportLine = Omit<Report, "violations" | "folder"> & { readonly violations: number };

/** A run in words, the line of JSON last. */
export function showReport(report: Report): readonly string[] {
  const { violations, folder, ...rest } = report;
  const told = violations.flatMap(({ rule, message, history }) => [
    `VIOLATION: ${rule}: ${message}`,
    ...history.map((line) => `    ${line}`),
  ]);
  const verdict =
    violations.length === 0
      ? "Nothing was lost, nothing was said twice, nothing came out of order."
      : `${violations.length} violations. Again: --seed ${report.seed} --storage ${report.storage}. Logs: ${folder}`;
  const line: ReportLine = { ...rest, violations: violations.length };
  return [...told, verdict, JSON.stringify(line)];
}

const HEAD = [
  "storage",
  "processes",
  "seed",
  "minutes",
  "events",
  "deliveries",
  "answers",
  "redeliveries dropped",
  "looked up",
  "maybe twice",
  "dead letters, as scripted",
  "violations",
];

/** Runs as a table in Markdown, and the faults of all of them by kind. */
export function showTable(lines: readonly ReportLine[]): readonly string[] {
  const rows = lines.map((line) => [
    line.storage,
    line.topology,
    line.seed,
    (line.seconds / 60).toFixed(1),
    count(line.events),
    count(line.deliveries),
    count(line.answers),
    count(line.duplicatesDropped),
    count(line.inDoubt),
    line.maybeTwice,
    line.deadLetters,
    line.violations,
  ]);
  const storages = [...new Set(lines.map(({ storage }) => storage))];
  const kinds = [...new Set(lines.flatMap(({ faults }) => Object.keys(faults)))].sort();
  const faults = kinds.map((kind) => [
    kind,
    ...storages.map((name) =>
      count(lines.filter(({ storage }) => storage === name).reduce((sum, { faults }) => sum + (faults[kind] ?? 0), 0)),
    ),
  ]);
  return [...table(HEAD, rows), "", ...table(["fault", ...storages], faults)];
}

const count = (number: number) => number.toLocaleString("en-US");

function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): readonly string[] {
  const line = (cells: readonly (string | number)[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)];
}
