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
