import { quantile } from "../measure.ts";
import { type Job, jobOf, micros, pause } from "./job.ts";

/** One engine, as one process of a fleet sees it. */
export interface Side {
  /** Resolves once the job is on disk. A second one with its key is dropped, where the engine can do that. */
  add(job: Job): Promise<unknown>;
  /** Stores many, as fast as this engine takes them. */
  addMany(jobs: readonly Job[]): Promise<unknown>;
  /** Begins to run jobs. */
  work(handle: Handle): unknown;
  /** In good order: begins no more jobs, lets those that run come to their end, lets go of the data. */
  close(): Promise<void>;
}

/** Runs a job. False: the process stops, and the job goes back. */
export type Handle = (id: number) => true | Promise<boolean>;

/** What the benchmark asks of a process; each is answered with one message. */
export type Command =
  /** `callers` at once store a job, wait until it is stored, and go on to the next. */
  | {
      readonly do: "flow";
      readonly first: number;
      readonly jobs: number;
      readonly lanes: number;
      readonly callers: number;
    }
  /** Stores many. */
  | { readonly do: "fill"; readonly first: number; readonly jobs: number; readonly lanes: number }
  /** Stores one after the other, each after a pause of `pause` ms, give or take half of it. */
  | {
      readonly do: "trickle";
      readonly first: number;
      readonly jobs: number;
      readonly lanes: number;
      readonly pause: number;
    }
  /** `holds`: a job ends only when the process does. */
  | { readonly do: "work"; readonly holds: boolean }
  | { readonly do: "count" }
  /** Tells what began and closes. */
  | { readonly do: "close" };

/** Of `flow` and `trickle`; milliseconds until a job is stored. */
export interface Stored {
  readonly startedAt: number;
  readonly p50: number;
  readonly p99: number;
  /** When each add was called; of `trickle`. */
  readonly addedAt: Float64Array;
}

/** What a process ran: the ids and when they began, in its order. */
export interface Began {
  readonly ids: Uint32Array;
  readonly at: Float64Array;
}

const CHUNK = 2000;

/** Serves the benchmark's commands with a side. */
export async function runSide(open: () => Promise<Side>): Promise<void> {
  const side = await open();
  const ids: number[] = [];
  const at: number[] = [];
  let isStopping: ((handled: boolean) => void) | undefined;
  const stopping = new Promise<boolean>((resolve) => (isStopping = resolve));

  async function timed(job: Job, times: number[]): Promise<void> {
    const start = performance.now();
    await side.add(job);
    times.push(performance.now() - start);
  }

  async function flow(command: Extract<Command, { do: "flow" }>): Promise<Stored> {
    const times: number[] = [];
    let next = command.first;
    const end = command.first + command.jobs;
    const startedAt = micros();
    const caller = async (): Promise<void> => {
      while (next < end) await timed(jobOf(next++, command.lanes), times);
    };
    await Promise.all(Array.from({ length: command.callers }, caller));
    return { startedAt, p50: quantile(times, 0.5), p99: quantile(times, 0.99), addedAt: new Float64Array() };
  }

  async function trickle(command: Extract<Command, { do: "trickle" }>): Promise<Stored> {
    const times: number[] = [];
    const addedAt: number[] = [];
    for (let id = command.first; id < command.first + command.jobs; id++) {
      await pause(command.pause * (0.5 + Math.random()));
      addedAt.push(micros());
      await timed(jobOf(id, command.lanes), times);
    }
    const [startedAt = 0] = addedAt;
    return { startedAt, p50: quantile(times, 0.5), p99: quantile(times, 0.99), addedAt: Float64Array.from(addedAt) };
  }

  async function fill({ first, jobs, lanes }: Extract<Command, { do: "fill" }>): Promise<number> {
    for (let done = 0; done < jobs; done += CHUNK) {
      const size = Math.min(CHUNK, jobs - done);
      await side.addMany(Array.from({ length: size }, (_, index) => jobOf(first + done + index, lanes)));
    }
    return jobs;
  }

  async function close(): Promise<Began> {
    isStopping!(false);
    await side.close();
    return { ids: Uint32Array.from(ids), at: Float64Array.from(at) };
  }

  async function act(command: Command): Promise<unknown> {
    if (command.do === "flow") return flow(command);
    if (command.do === "trickle") return trickle(command);
    if (command.do === "fill") return fill(command);
    if (command.do === "count") return ids.length;
    if (command.do === "close") return close();
    await side.work((id) => {
      ids.push(id);
      at.push(micros());
      return command.holds ? stopping : true;
    });
    return "works";
  }

  process.on("message", async (command: Command) => {
    const answer = await act(command);
    process.send!(answer, undefined, undefined, () => {
      if (command.do === "close") process.exit();
    });
  });
  process.once("SIGTERM", async () => {
    await close();
    process.exit();
  });
  process.send!("ready");
}
