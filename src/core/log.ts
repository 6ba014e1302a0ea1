/** Structured logging: fields first, then a sentence. Fields never hold message text or secrets. pino fits as it is. */
export interface Log {
  debug(fields: object, sentence: string): void;
  info(fields: object, sentence: string): void;
  warn(fields: object, sentence: string): void;
  error(fields: object, sentence: string): void;
}

export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** The same log, with fields that stand in every line. */
export function withFields(log: Log, more: object): Log {
  return {
    debug: (fields, sentence) => log.debug({ ...more, ...fields }, sentence),
    info: (fields, sentence) => log.info({ ...more, ...fields }, sentence),
    warn: (fields, sentence) => log.warn({ ...more, ...fields }, sentence),
    error: (fields, sentence) => log.error({ ...more, ...fields }, sentence),
  };
}
