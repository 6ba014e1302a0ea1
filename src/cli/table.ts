/** Rows as aligned columns; numbers to the right. */
export function renderTable(
  head: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): readonly string[] {
  const cells = [head, ...rows].map((row) => row.map((cell) => oneLine(String(cell))));
  const isRight = head.map((_, column) => rows.length > 0 && rows.every((row) => typeof row[column] === "number"));
  const widths = head.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)));
  return cells.map((row) =>
    row
      .map((cell, column) => (isRight[column] ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!)))
      .join("  ")
      .trimEnd(),
  );
}

/** Without what a terminal would obey. */
export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]+/gu, " ");
}

/** `2026-01-31 12:00:00` UTC. */
export function renderTime(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19).replace("T", " ");
}

const AGES = [
  [86_400_000, "d"],
  [3_600_000, "h"],
  [60_000, "min"],
  [1000, "s"],
] as const;

/** How long ago, in the largest unit of which there are two: `90 s`, `3 h`. */
export function renderAge(ms: number): string {
  const [unit, name] = AGES.find(([size]) => ms >= 2 * size) ?? AGES.at(-1)!;
  return `${Math.max(0, Math.floor(ms / unit))} ${name}`;
}
