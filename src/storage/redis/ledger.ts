import type { LedgerLine } from "../../core/index.ts";

type Counts = { -readonly [K in keyof LedgerLine]: LedgerLine[K] };

/** The answer of `LEDGER` as lines in the order of day, adapter, plugin. */
export function parseLedger([counts, standing]: readonly [
  readonly string[],
  readonly (string | number)[],
]): LedgerLine[] {
  const lines = new Map<string, Counts>();
  function lineOf(key: string): Counts {
    const known = lines.get(key);
    if (known !== undefined) return known;
    const [day = "", adapter = "", plugin = ""] = key.split("\0");
    const none = { received: 0, done: 0, ignored: 0, dead: 0, discarded: 0, inFlight: 0, duplicates: 0 };
    const line = { day, adapter, plugin, ...none };
    lines.set(key, line);
    return line;
  }
  for (let at = 0; at < counts.length; at += 2) {
    const cut = counts[at]!.lastIndexOf("\0");
    const column = counts[at]!.slice(cut + 1) as "received" | "done" | "ignored" | "discarded" | "duplicates";
    lineOf(counts[at]!.slice(0, cut))[column] += Number(counts[at + 1]);
  }
  for (let at = 0; at < standing.length; at += 3) {
    const line = lineOf(standing[at] as string);
    line.inFlight += Number(standing[at + 1]);
    line.dead += Number(standing[at + 2]);
  }
  return [...lines.values()].sort(
    (a, b) => order(a.day, b.day) || order(a.adapter, b.adapter) || order(a.plugin, b.plugin),
  );
}

const order = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
