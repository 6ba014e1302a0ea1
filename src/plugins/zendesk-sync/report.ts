import { fill } from "../../core/index.ts";
import type { LedgerEntry } from "./cases.ts";
import type { Texts } from "./texts.ts";

const DAY_MS = 86_400_000;

/** The daily report: what was closed yesterday (by UTC), and what is open, the newest first. */
export function renderReport(
  texts: Texts,
  ledger: readonly LedgerEntry[],
  { now, urlOf }: { readonly now: number; urlOf(ticket: string): string },
): string {
  const today = Math.floor(now / DAY_MS) * DAY_MS;
  const closed = ledger.filter(({ resolvedAt = 0 }) => resolvedAt >= today - DAY_MS && resolvedAt < today);
  const open = ledger.filter(isOpen).sort((a, b) => b.openedAt - a.openedAt);
  const links = open.map(({ ticket }) => `- ${urlOf(ticket)}`).join("\n");
  return fill(texts.report, { closed: closed.length, open: open.length, links });
}

/** Numbers of the last seven days. */
export function renderStats(texts: Texts, ledger: readonly LedgerEntry[], now: number): string {
  const isThisWeek = (at = 0) => at > now - 7 * DAY_MS;
  const recent = ledger.filter(({ openedAt, resolvedAt }) => isThisWeek(openedAt) || isThisWeek(resolvedAt));
  const waits = (until: (entry: LedgerEntry) => number | undefined) =>
    recent.flatMap((entry) => {
      const at = until(entry);
      return at === undefined ? [] : at - entry.openedAt;
    });
  return fill(texts.stats, {
    open: ledger.filter(isOpen).length,
    opened: ledger.filter(({ openedAt }) => isThisWeek(openedAt)).length,
    closed: ledger.filter(({ resolvedAt }) => isThisWeek(resolvedAt)).length,
    reply: renderTime(median(waits(({ repliedAt }) => repliedAt))),
    close: renderTime(median(waits(({ resolvedAt }) => resolvedAt))),
  });
}

const isOpen = ({ resolvedAt }: LedgerEntry) => resolvedAt === undefined;

function median(times: readonly number[]): number | undefined {
  const sorted = [...times].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  if (sorted.length % 2 === 1) return sorted[Math.floor(middle)];
  return sorted.length === 0 ? undefined : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

function renderTime(ms: number | undefined): string {
  if (ms === undefined) return "none yet";
  const minutes = Math.round(ms / 60_000);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}
