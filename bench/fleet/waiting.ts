import { formatNumber, formatSpread, printTable, ratioOf, spreadOf } from "../measure.ts";
import { HOBNOB, type Variant } from "./crew.ts";
import { type Backlog, type Drained, openBacklog, type Window } from "./drain.ts";
import type { Server } from "./server.ts";
import { tallyLine } from "./tally.ts";

const JOBS_A_LANE = 10;
// Of a backlog, when a fast side has taken so much of it that it would no longer be the same.
const MOST_TAKEN = 0.6;
const PATIENCE_MS = 30_000;

interface Row {
  readonly label: string;
  readonly backlog: Backlog;
  readonly rounds: Drained[];
}

/** Several engines with the same backlog: how many jobs a second two workers get through. Each is compared with the last of ours above it. */
export async function drain(
  server: Server,
  variants: readonly Variant[],
  { rounds, waiting, seconds }: Record<"rounds" | "waiting" | "seconds", number>,
): Promise<void> {
  const lanes = Math.ceil(waiting / JOBS_A_LANE);
  const rows = await openAll(
    variants.map((variant) => [variant.label, () => openBacklog(server, variant, { waiting, lanes })]),
  );
  const oursOf = (at: number): Row =>
    rows[variants.findLastIndex(({ script }, index) => index <= at && script === HOBNOB.script)]!;
  await takeTurns(rows, rounds, {
    ...{ skipJobs: 1, skipMs: 1000, endJobs: waiting * MOST_TAKEN, endMs: seconds * 1000 },
  });
  const head = `${formatNumber(waiting)} waiting in ${formatNumber(lanes)} lanes, two workers, at most ${seconds} s without the first`;
  printTable(`Drain on ${server.engine}: ${head}, median (range) of ${rounds} rounds`, [
    ["", "jobs/s", "Hobnob above ÷ this", "server µs/job", "workers µs/job"],
    ...rows.map((row, at) => [
      row.label,
      formatSpread(spreadOf(column(row, "rate"))),
      formatSpread(ratioOf(column(oursOf(at), "rate"), column(row, "rate"))),
      formatNumber(spreadOf(column(row, "server")).median),
      formatNumber(spreadOf(column(row, "clients")).median),
    ]),
  ]);
  await clear(rows);
}

/** Ours with a small and with a large backlog. Both have ten jobs a lane, and both are measured over the same number of jobs. */
export async function flatness(
  server: Server,
  { rounds, small, large }: Record<"rounds" | "small" | "large", number>,
): Promise<void> {
  const rows = await openAll(
    [small, large].map((waiting) => {
      const lanes = Math.ceil(waiting / JOBS_A_LANE);
      const label = `${formatNumber(waiting)} waiting in ${formatNumber(lanes)} lanes`;
      return [label, () => openBacklog(server, HOBNOB, { waiting, lanes })];
    }),
  );
  // The small one must not run dry.
  await takeTurns(rows, rounds, { skipJobs: small * 0.15, skipMs: 0, endJobs: small * 0.8, endMs: PATIENCE_MS });
  const first = rows[0]!;
  const head = `Hobnob on ${server.engine}, two workers, ${formatNumber(small * 0.65)} jobs a window`;
  printTable(`Backlogs: ${head}, median (range) of ${rounds} rounds`, [
    ["", "jobs/s", "÷ the small one", "server µs/job", "workers µs/job"],
    ...rows.map((row) => [
      row.label,
      formatSpread(spreadOf(column(row, "rate"))),
      formatSpread(ratioOf(column(row, "rate"), column(first, "rate"))),
      formatNumber(spreadOf(column(row, "server")).median),
      formatNumber(spreadOf(column(row, "clients")).median),
    ]),
  ]);
  await clear(rows);
}

async function openAll(makers: readonly (readonly [string, () => Promise<Backlog>])[]): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [label, open] of makers) rows.push({ label, backlog: await open(), rounds: [] });
  return rows;
}

async function takeTurns(rows: readonly Row[], rounds: number, window: Window): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    for (const row of rows) row.rounds.push(await row.backlog.drain(window));
  }
}

async function clear(rows: readonly Row[]): Promise<void> {
  for (const { label, backlog } of rows) {
    console.log(`  ${label}: ${tallyLine(backlog.tally)}`);
    await backlog.clear();
  }
}

const column = ({ rounds }: Row, key: keyof Drained): number[] => rounds.map((round) => round[key]);
