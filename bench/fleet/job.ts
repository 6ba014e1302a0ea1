/** What the benchmark stores. Ids rise from 0 in the order of the adds. */
export interface Job {
  readonly id: number;
  readonly lane: string;
}

/** 1 KB. */
export const TEXT = "pizza ".repeat(171);

export const jobOf = (id: number, lanes: number): Job => ({ id, lane: `lane ${id % lanes}` });

/** The key by which a second delivery of the same event would be dropped. */
export const keyOf = ({ id }: Job): string => `event-${id}`;

/** Of the monotonic clock that all processes share, in microseconds. */
export const micros = (): number => Number(process.hrtime.bigint() / 1000n);

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
