import { styleText } from "node:util";
import { type DestinationStream, pino, stdTimeFunctions } from "pino";
import { HobnobError, type Log, suggest } from "../core/index.ts";

const LEVELS = ["debug", "info", "warn", "error", "silent"];

/**
 * The log on stderr: JSON lines for machines, one readable line an entry for people.
 * @throws HobnobError `CONFIG_INVALID` for a level that is not one
 */
export function createLog(level: string | undefined): Log {
  const chosen = level || "info";
  if (!LEVELS.includes(chosen)) {
    throw new HobnobError(
      "CONFIG_INVALID",
      `HOBNOB_LOG_LEVEL is ${JSON.stringify(level)}${suggest(chosen, LEVELS)}. Use one of ${LEVELS.join(", ")}.`,
    );
  }
  const options = {
    level: chosen,
    base: { pid: process.pid },
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  // Synchronous: the last lines before a crash are those that matter.
  return pino(options, process.stderr.isTTY ? readable : pino.destination({ fd: 2, sync: true }));
}

const COLOURS = { debug: "dim", info: "cyan", warn: "yellow", error: "red" } as const;

const readable: DestinationStream = {
  write(json) {
    const { level, time, pid: _, msg, ...fields } = JSON.parse(json) as Record<string, unknown>;
    const name = level as keyof typeof COLOURS;
    const label = styleText(COLOURS[name], name.padEnd(5), { stream: process.stderr });
    const rest = Object.entries(fields).map(([key, value]) => ` ${key}=${shown(value)}`);
    process.stderr.write(`${String(time).slice(11, 23)} ${label} ${msg}${rest.join("")}\n`);
  },
};

const shown = (value: unknown) => (typeof value === "string" && !/[\s"]/.test(value) ? value : JSON.stringify(value));
