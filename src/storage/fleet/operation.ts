import type { Doubt } from "../../core/index.ts";
import type { Add, BudgetWrite, CountWrite, DeadWrite, End, StepWrite, ValueWrite } from "./backend.ts";

/** What a batch can carry, by its part. */
export interface Writes {
  readonly adds: Add;
  readonly ends: End;
  readonly steps: StepWrite;
  readonly values: ValueWrite;
  readonly dead: DeadWrite;
  readonly counts: CountWrite;
  readonly doubts: Doubt;
  readonly budgets: BudgetWrite;
}

/** What comes of it. */
export interface Results {
  readonly adds: boolean;
  readonly values: boolean;
  readonly dead: boolean;
  readonly budgets: number;
  readonly ends: undefined;
  readonly steps: undefined;
  readonly counts: undefined;
  readonly doubts: undefined;
}

/** An operation that waits for its batch. */
export interface Operation<Part extends keyof Writes = keyof Writes> {
  readonly part: Part;
  /** Made when its batch is: `id` gives a job its id, `at` is the batch's time. */
  write(id: () => number, at: number): Writes[Part];
  /** Ids it needs. */
  readonly ids?: number;
  /** Characters it carries, about. */
  readonly size?: number;
  /** It means something only while this session lives; later it is dropped, and done. */
  readonly session?: string;
  done?(result: Results[Part]): void;
  /** Gives up. An operation without it is kept and tried again until it is applied. */
  failed?(error: Error): void;
}

export type AnyOperation = { [Part in keyof Writes]: Operation<Part> }[keyof Writes] | Barrier;

/** Carries nothing: done once what came before it is applied. */
interface Barrier {
  readonly part: "barrier";
  readonly ids?: undefined;
  readonly size?: undefined;
  readonly session?: undefined;
  done?(): void;
  failed?(error: Error): void;
}
