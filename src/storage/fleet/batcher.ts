import { setTimeout as pause } from "node:timers/promises";
import { errorMessage, HobnobError, type Log } from "../../core/index.ts";
import { type Backend, type Batch, type Outcome, UnreachableError } from "./backend.ts";
import { createIds } from "./ids.ts";
import { type Lease, now } from "./lease.ts";
import type { AnyOperation, Operation, Results, Writes } from "./operation.ts";

/** What this process wants of a batch beside its operations. */
export type Demand = Pick<Batch, "pools" | "direct" | "claim" | "suspect" | "reap">;

export interface BatcherOptions {
  readonly backend: Backend;
  readonly lease: Lease;
  /** What the process tells of itself, JSON. */
  readonly info: string;
  /** For messages. */
  readonly name: string;
  readonly log: Log;
  /** The caller's clock. */
  clock(): number;
  demand(): Demand;
  /** A batch was applied. Comes before what its operations are told. */
  applied(outcome: Outcome, batch: Batch): void;
  /** The session was ended by others. Comes before operations are dropped. */
  lost(): void;
}

/** Group commit: all operations of a turn of the event loop, or of the time that the batch before takes, share one. */
export interface Batcher {
  push(operation: AnyOperation): void;
  /** Pushes an operation that is given up when it cannot be applied, and resolves with what came of it. */
  ask<Part extends keyof Writes>(operation: Omit<Operation<Part>, "done" | "failed">): Promise<Results[Part]>;
  /** The demand may have changed. */
  poke(): void;
  /** Why the storage cannot be used now. */
  readonly down: HobnobError | undefined;
  /** Applies what is pending, then ends the session; waits at most `patience` ms for a storage that is out of reach. */
  close(patience: number): Promise<void>;
}

const MOST_OPERATIONS = 500;
const MOST_CHARACTERS = 4_000_000;
// Longer than any platform waits for its acknowledgement.
const LONGEST_DOUBT_MS = 10_000;
const RETRY_MS = 250;
const COMPLAIN_EVERY_MS = 10_000;

export function createBatcher({
  backend,
  lease,
  info,
  name,
  log,
  clock,
  demand,
  applied,
  lost,
}: BatcherOptions): Batcher {
  const ids = createIds(backend);
  let pending: AnyOperation[] = [];
  let running: Promise<void> | undefined;
  let scheduled: NodeJS.Immediate | undefined;
  let down: HobnobError | undefined;
  let isClosing = false;
  let isClosed = false;
  let giveUpAt = Number.POSITIVE_INFINITY;
  let silentUntil = 0;

  function isWanted(): boolean {
    if (down !== undefined || pending.length > 0) return true;
    const { claim, reap } = demand();
    return claim > 0 || reap.length > 0;
  }

  function poke() {
    if (running !== undefined || scheduled !== undefined || isClosing || !isWanted()) return;
    scheduled = setImmediate(() => {
      scheduled = undefined;
      running = run().finally(() => {
        running = undefined;
        poke();
      });
    });
  }

  async function run() {
    while (isWanted() && performance.now() < giveUpAt) {
      await commit(take(), demand());
      // What this batch has set free may add to the next.
      await new Promise(setImmediate);
    }
  }

  function take(): readonly AnyOperation[] {
    let size = 0;
    let count = 0;
    while (count < pending.length && count < MOST_OPERATIONS && (count === 0 || size < MOST_CHARACTERS)) {
      size += pending[count++]!.size ?? 0;
    }
    return pending.splice(0, count);
  }

  async function commit(operations: readonly AnyOperation[], wanted: Demand, leave = false): Promise<void> {
    const needed = operations.reduce((sum, { ids = 0 }) => sum + ids, 0);
    try {
      await ids.ensure(needed);
      const composed = compose(operations, wanted, leave);
      distribute(operations, composed, await applyUntilKnown(composed.batch, operations));
    } catch (error) {
      if (error instanceof UnreachableError) {
        goDown(error);
        await keep(operations, down!);
      } else await recover(operations, error as Error);
    }
  }

  function compose(operations: readonly AnyOperation[], wanted: Demand, leave: boolean) {
    const at = clock();
    const writes = { adds: [], ends: [], steps: [], values: [], dead: [], counts: [], doubts: [], budgets: [] } as {
      [Part in keyof Writes]: Writes[Part][];
    };
    const isWritten = operations.map((operation) => {
      if (operation.part === "barrier" || (operation.session ?? lease.id) !== lease.id) return false;
      (writes[operation.part] as unknown[]).push(operation.write(ids.next, at));
      return true;
    });
    const hello = lease.applied === 0 ? info : undefined;
    const batch: Batch = { session: lease.id, number: lease.applied + 1, now: at, hello, ...wanted, ...writes, leave };
    return { batch, isWritten };
  }

  /** The same batch until somebody says what became of it. */
  async function applyUntilKnown(batch: Batch, operations: readonly AnyOperation[]): Promise<Outcome> {
    // Also where the connection is silent, and no attempt comes back.
    const doubt = setTimeout(() => {
      for (const operation of operations) operation.failed?.(inDoubt(name));
    }, LONGEST_DOUBT_MS);
    try {
      for (let attempt = 0; ; attempt++) {
        const sent = now();
        try {
          const outcome = await backend.apply(batch);
          if (outcome.alive) lease.renew(sent);
          goUp();
          return outcome;
        } catch (error) {
          if (!(error instanceof UnreachableError)) throw error;
          goDown(error);
          if (performance.now() + RETRY_MS > giveUpAt) throw error;
          await pause(Math.min(RETRY_MS * 2 ** Math.min(attempt, 2), 1000));
        }
      }
    } finally {
      clearTimeout(doubt);
    }
  }

  function distribute(
    operations: readonly AnyOperation[],
    { batch, isWritten }: ReturnType<typeof compose>,
    outcome: Outcome,
  ) {
    if (!outcome.alive) {
      lost();
      lease.replace();
      const alive = operations.filter(({ session }) => session === undefined);
      pending = [...alive, ...pending];
      for (const operation of operations)
        if (operation.session !== undefined) (operation.done as (() => void) | undefined)?.();
      return;
    }
    applied(outcome, batch);
    // Each part has its results in the order of its writes.
    const results: { readonly [part: string]: Iterator<boolean | number> } = {
      adds: outcome.added.values(),
      values: outcome.values.values(),
      dead: outcome.dead.values(),
      budgets: outcome.budgets.values(),
    };
    operations.forEach((operation, index) => {
      const result = isWritten[index] ? results[operation.part]?.next().value : undefined;
      (operation.done as ((result: unknown) => void) | undefined)?.(result);
    });
  }

  // Each is tried alone, so that one that cannot be applied does not spoil its neighbours.
  async function recover(operations: readonly AnyOperation[], error: Error): Promise<void> {
    complain(error);
    if (operations.length > 1) {
      for (const operation of operations) await commit([operation], NOTHING);
      return;
    }
    await keep(operations, error);
  }

  /** Gives up what can be given up; the rest waits, in its order. */
  async function keep(operations: readonly AnyOperation[], error: Error): Promise<void> {
    const kept: AnyOperation[] = [];
    for (const operation of operations) {
      if (operation.failed === undefined) kept.push(operation);
      else operation.failed(error);
    }
    pending = [...kept, ...pending];
    await pause(RETRY_MS);
  }

  function complain(error: Error) {
    if (performance.now() < silentUntil) return;
    silentUntil = performance.now() + COMPLAIN_EVERY_MS;
    log.error({ code: (error as { code?: unknown }).code }, errorMessage(error));
  }

  function goDown(cause: UnreachableError) {
    if (down !== undefined) return complain(down);
    down = new HobnobError(
      "STORAGE_UNREACHABLE",
      `${cause.message} New events are refused until it is back; nothing that was acknowledged is lost.`,
      { cause },
    );
    complain(down);
    const waiting = pending;
    pending = [];
    for (const operation of waiting) {
      if (operation.failed === undefined) pending.push(operation);
      else operation.failed(down);
    }
  }

  function goUp() {
    if (down === undefined) return;
    down = undefined;
    silentUntil = 0;
    log.info({}, `${name} is back.`);
  }

  function push(operation: AnyOperation) {
    if (isClosed) return operation.failed?.(closedError(name));
    if (down !== undefined && operation.failed !== undefined) return operation.failed(down);
    pending.push(operation);
    poke();
  }

  return {
    push,
    ask: (operation) =>
      new Promise((resolve, reject) => push({ ...operation, done: resolve, failed: reject } as AnyOperation)),
    poke,
    get down() {
      return down;
    },
    async close(patience) {
      isClosing = true;
      giveUpAt = performance.now() + patience;
      clearImmediate(scheduled);
      await running;
      await run();
      if (lease.applied > 0 && performance.now() < giveUpAt) await commit([], NOTHING, true);
      isClosed = true;
      for (const operation of pending.splice(0)) operation.failed?.(closedError(name));
    },
  };
}

const NOTHING: Demand = { pools: [], direct: 0, claim: 0, suspect: false, reap: [] };

export const closedError = (name: string): HobnobError =>
  new HobnobError("STORAGE_CLOSED", `${name} is closed. The bot is stopping or was not started.`);

const inDoubt = (name: string) =>
  new HobnobError(
    "STORAGE_IN_DOUBT",
    `${name} has not answered for ${LONGEST_DOUBT_MS / 1000} s: nobody knows yet whether this was written. A redelivery is safe.`,
  );
