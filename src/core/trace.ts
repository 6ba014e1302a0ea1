/**
 * One step on the road of an event, as it happens. Holds ids and times, never text.
 * The order of life: `received`, then `ignored`, `duplicate`, `refused` or `stored`; `acknowledged`; for each job
 * `running`, for each post `sent`, or `found` where an earlier attempt left it in doubt and the platform has it, and
 * `done`, `retrying`, `released` or `dead`.
 */
export interface Trace {
  readonly stage:
    | "received"
    | "ignored"
    | "duplicate"
    | "refused"
    | "stored"
    | "acknowledged"
    | "running"
    | "sent"
    | "found"
    | "done"
    | "retrying"
    | "released"
    | "dead";
  /** The event's name: adapter, conversation, kind and id. For a job without an event, the job's own name. */
  readonly event: string;
  /** Milliseconds since 1970, with a fraction. */
  readonly at: number;
  readonly adapter: string;
  readonly plugin?: string;
  readonly job?: string;
  readonly attempt?: number;
  /** The platform's id: of the message that came in, or of the post that was sent or found. */
  readonly message?: string;
}

export type TraceListener = (trace: Trace) => void;
