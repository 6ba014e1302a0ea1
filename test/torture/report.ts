import type { Report } from "./torture.ts";

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
  return [...told, verdict, JSON.stringify({ ...rest, violations: violations.length })];
}
