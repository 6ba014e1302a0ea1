import { Cron } from "croner";
import { type Clock, parseDuration } from "./clock.ts";
import { HobnobError } from "./errors.ts";
import type { Log } from "./log.ts";
import type { Schedule } from "./registry.ts";
import type { Entry, FleetNode, Storage } from "./storage.ts";

/** Queues the jobs of `bot.every` at their times. */
export interface Scheduler {
  /** Makes up for times that passed while no bot ran (once each), and waits for the next. */
  start(): Promise<void>;
  stop(): void;
}

export interface SchedulerOptions {
  readonly schedules: readonly Schedule[];
  readonly storage: Storage;
  readonly clock: Clock;
  readonly log: Log;
}

const RETRY_MS = 5_000;
// How long the others of a fleet give the one that comes first.
const BEHIND_MS = 2_000;
// A timer may fire so much before its time.
const EARLY_MS = 500;
// The machine's time may be set meanwhile, or the machine sleep.
const LOOK_AGAIN_MS = 60_000;

/** @throws HobnobError `HANDLER_OPTIONS` for a time that cannot be understood */
export function createScheduler({ schedules, storage, clock, log }: SchedulerOptions): Scheduler {
  const cancels = new Map<Schedule, () => void>();
  let isStopped = false;
  const times = new Map(schedules.map((schedule) => [schedule, timesOf(schedule)]));

  /** All times up to `last` have been seen to. */
  function wait(schedule: Schedule, last: number) {
    const now = clock.now();
    // Unless the machine's time was set back: what comes round again is known by its key.
    const next = times.get(schedule)!(last - now < EARLY_MS ? Math.max(now, last) : now);
    if (next === undefined || isStopped) return;
    const come = () => {
      const later = clock.now();
      if (later < next - EARLY_MS || (next <= last && last <= later)) wait(schedule, last);
      else if (isBehind(storage.fleet?.nodes() ?? [])) look(schedule, next);
      else fire(schedule, next);
    };
    cancels.set(schedule, clock.after(Math.min(next - now, LOOK_AGAIN_MS), come));
  }

  // Without the first one it is still stored once: the key lets one through.
  function look(schedule: Schedule, at: number) {
    const fireUnlessDone = async () => {
      const last = await storage.values.get(lastKey(schedule)).catch(() => undefined);
      if (isStopped) return;
      if (Number(last ?? 0) >= at) wait(schedule, at);
      else fire(schedule, at);
    };
    cancels.set(
      schedule,
      clock.after(BEHIND_MS, () => void fireUnlessDone()),
    );
  }

  function fire(schedule: Schedule, at: number) {
    storage.add(entryOf(schedule, at)).then(
      () => {
        // Not noted as done: the next start finds it missed, and its key known.
        if (isStopped) return;
        void storage.values.set(lastKey(schedule), String(at)).catch(() => {});
        wait(schedule, at);
      },
      (error: unknown) => {
        if (isStopped) return;
        log.error(
          { plugin: schedule.entry.plugin.name, handler: schedule.entry.name },
          `A scheduled job could not be stored: ${(error as Error).message}`,
        );
        cancels.set(
          schedule,
          clock.after(RETRY_MS, () => fire(schedule, at)),
        );
      },
    );
  }

  return {
    async start() {
      for (const schedule of schedules) {
        const last = await storage.values.get(lastKey(schedule));
        const now = clock.now();
        if (last === undefined) await storage.values.set(lastKey(schedule), String(now));
        const missed = last === undefined ? undefined : latestBetween(times.get(schedule)!, Number(last), now);
        if (missed === undefined) wait(schedule, now);
        else fire(schedule, missed);
      }
    },
    stop() {
      isStopped = true;
      for (const cancel of cancels.values()) cancel();
    },
  };
}

/** Is another process that runs schedules older? */
function isBehind(nodes: readonly FleetNode[]): boolean {
  const runners = nodes.filter(({ role, isSelf }) => isSelf || role === "start" || role === "work");
  const [first] = runners.toSorted((a, b) => a.startedAt - b.startedAt || (a.id < b.id ? -1 : 1));
  return first !== undefined && !first.isSelf;
}

const lastKey = ({ entry }: Schedule) => `every:${entry.plugin.name}:${entry.name}`;

function entryOf({ entry }: Schedule, at: number): Entry {
  const { plugin, name, policy } = entry;
  const id = `${plugin.name}/${name}`;
  return {
    key: `${id}/${at}`,
    jobs: [{ lane: id, pool: policy.pool, adapter: "", plugin: plugin.name, handler: name, payload: {} }],
  };
}

/** The first time after the given one. */
type Times = (after: number) => number | undefined;

function timesOf({ when, timeZone, entry }: Schedule): Times {
  const interval = parseDuration(when);
  // Multiples of the interval since 1970: all processes of a fleet agree on them.
  if (interval !== undefined) return (after) => (Math.floor(after / interval) + 1) * interval;
  try {
    const cron = new Cron(String(when), { timezone: timeZone, paused: true });
    cron.nextRun();
    return (after) => cron.nextRun(new Date(after))?.getTime();
  } catch (cause) {
    throw new HobnobError(
      "HANDLER_OPTIONS",
      `Plugin \`${entry.plugin.name}\`, handler \`${entry.name}\`: ${JSON.stringify(when)} in ${timeZone} is neither a duration such as "10m" nor a cron expression with a known time zone.`,
      { cause },
    );
  }
}

function latestBetween(times: Times, after: number, until: number): number | undefined {
  let latest: number | undefined;
  // A long time down with a short interval: halve the way until few steps are left.
  for (let from = after; ; ) {
    const next = times(from);
    if (next === undefined || next > until) return latest;
    const leap = times(from + (until - from) / 2);
    latest = leap !== undefined && leap <= until ? leap : next;
    from = latest;
  }
}
