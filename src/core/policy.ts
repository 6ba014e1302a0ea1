import { type Duration, parseDuration } from "./clock.ts";
import { HobnobError } from "./errors.ts";
import type { Backoff, HandlerOptions, JobOptions, ScheduleOptions } from "./plugin.ts";
import { suggest } from "./suggest.ts";

/** A handler's retry rules, checked, in milliseconds. */
export interface Policy {
  readonly attempts: number;
  readonly timeout: number;
  readonly pool: string;
  /** How long to wait after this attempt failed. */
  delayAfter(attempt: number): number;
}

const KEYS: Readonly<Record<keyof (HandlerOptions & ScheduleOptions), true>> = {
  ...{ attempts: true, backoff: true, timeout: true, pool: true, name: true, failed: true, timeZone: true, lane: true },
  ...{ ack: true, raw: true, bots: true, accepts: true, needs: true, unstored: true },
};
const BACKOFF_KEYS: Readonly<Record<keyof Backoff, true>> = { delay: true, factor: true, max: true, jitter: true };

/** @throws HobnobError `HANDLER_OPTIONS` naming the handler, the option and its value */
export function createPolicy(options: JobOptions, who: string): Policy {
  checkKeys(options, KEYS, who, "a handler");
  const { attempts = 8, pool = "default", timeout = "60s", backoff = {} } = options;
  if (!Number.isInteger(attempts) || attempts < 1) {
    throw new HobnobError("HANDLER_OPTIONS", `${who}: \`attempts\` must be a whole number from 1, got ${attempts}.`);
  }
  checkKeys(backoff, BACKOFF_KEYS, who, "`backoff`");
  const duration = (name: string, value: Duration) => {
    const ms = parseDuration(value);
    if (ms === undefined) {
      throw new HobnobError(
        "HANDLER_OPTIONS",
        `${who}: \`${name}\` must be a duration such as "10s", got ${JSON.stringify(value)}.`,
      );
    }
    return ms;
  };
  const delay = duration("backoff.delay", backoff.delay ?? "1s");
  const max = duration("backoff.max", backoff.max ?? "5m");
  const { factor = 3, jitter = 0.3 } = backoff;
  const number = (name: string, value: number, least: number, most: number) => {
    if (value >= least && value <= most) return;
    const range = most === Number.MAX_VALUE ? `a number from ${least}` : `a number from ${least} to ${most}`;
    throw new HobnobError("HANDLER_OPTIONS", `${who}: \`${name}\` must be ${range}, got ${value}.`);
  };
  number("backoff.factor", factor, 1, Number.MAX_VALUE);
  number("backoff.jitter", jitter, 0, 1);
  if (pool === "") throw new HobnobError("HANDLER_OPTIONS", `${who}: \`pool\` must not be empty.`);
  return {
    attempts,
    pool,
    timeout: duration("timeout", timeout),
    delayAfter: (attempt) => {
      const grown = delay * Math.min(factor ** (attempt - 1), Number.MAX_SAFE_INTEGER);
      return Math.round(Math.min(max, grown) * (1 - jitter * Math.random()));
    },
  };
}

function checkKeys(options: object, known: object, who: string, what: string): void {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new HobnobError(
      "HANDLER_OPTIONS",
      `${who}: ${what} takes its options as an object, got ${JSON.stringify(options)}.`,
    );
  }
  for (const key of Object.keys(options)) {
    if (key in known) continue;
    const hint = suggest(key, Object.keys(known));
    throw new HobnobError("HANDLER_OPTIONS", `${who}: ${what} has no option \`${key}\`${hint}.`);
  }
}
