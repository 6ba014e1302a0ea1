// npm run torture -- --seed 42 --minutes 10 --storage sqlite
import { parseArgs } from "node:util";
import type { Broken } from "./bot-settings.ts";
import { showReport } from "./report.ts";
import type { StorageName } from "./storages.ts";
import { torture } from "./torture.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    minutes: { type: "string", default: "1" },
    storage: { type: "string", default: "sqlite" },
    talkers: { type: "string", default: "40" },
    rest: { type: "string", default: "60" },
    every: { type: "string", default: "1000" },
    /** Blows to leave out, with commas between: `clock,freeze`. */
    without: { type: "string", default: "" },
    /** `hasty` or `blind`: breaks a promise on purpose. */
    broken: { type: "string" },
  },
});

// So that what is to be done at the exit is done.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));

const ROUND_MS = 20_000;
const total = Number(values.minutes) * 60_000;
const rounds = Math.max(1, Math.round(total / ROUND_MS));
const report = await torture({
  seed: Number(values.seed),
  storage: values.storage as StorageName,
  rounds,
  length: Math.min(total, ROUND_MS),
  talkers: Number(values.talkers),
  rest: Number(values.rest),
  every: Number(values.every),
  without: values.without.split(","),
  ...(values.broken !== undefined && { broken: values.broken as Broken }),
  print: console.log,
});
for (const line of showReport(report)) console.log(line);
process.exit(report.violations.length === 0 ? 0 : 1);
