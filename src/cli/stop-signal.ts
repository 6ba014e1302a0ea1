import { errorCode, errorMessage, type Log } from "../core/index.ts";

/** The wish of an operator or a supervisor that the process ends. */
export interface StopSignal {
  /** Resolves with the first SIGINT or SIGTERM. */
  readonly received: Promise<NodeJS.Signals>;
}

const NUMBERS = { SIGINT: 2, SIGTERM: 15 } as const;
// One Ctrl+C arrives more than once: from the terminal, and again passed on by npm and by our own launcher.
const SAME_SIGNAL_MS = 300;

/** Takes over SIGINT and SIGTERM: the first asks for a stop, a second ends the process at once. */
export function createStopSignal(log: Log): StopSignal {
  const { promise, resolve } = Promise.withResolvers<NodeJS.Signals>();
  let firstAt: number | undefined;
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      const now = performance.now();
      if (firstAt === undefined) {
        firstAt = now;
        return resolve(signal);
      }
      if (now - firstAt < SAME_SIGNAL_MS) return;
      log.warn({ signal }, "Ended at once. What was stored is done after the next start.");
      process.exit(128 + NUMBERS[signal]);
    });
  }
  return { received: promise };
}

/**
 * Ends the process on an error nobody caught, rejections too: what it left half done in memory is not known, and a
 * supervisor starts anew from the storage, which survives a crash at any moment.
 */
export function exitOnCrash(log: Log): void {
  process.on("uncaughtException", (error, origin) => {
    const { stack } = error instanceof Error ? error : {};
    const what =
      origin === "unhandledRejection" ? "A promise was rejected and nobody caught it" : "Nobody caught an error";
    log.error({ code: errorCode(error), stack }, `${what}: ${errorMessage(error)} The process ends.`);
    process.exit(1);
  });
}
