import { HobnobError, suggest } from "../core/index.ts";

const CALL_KINDS = ["429", "500", "timeout", "lost-answer"] as const;
const EVENT_KINDS = ["duplicate", "reorder", "timeout", "lost-answer"] as const;

/** What can go wrong with a call to the platform. */
export type CallFault = (typeof CALL_KINDS)[number];
/** What can go wrong with an event on its way to the bot. */
export type EventFault = (typeof EVENT_KINDS)[number];

export interface Fault {
  /** An API method, `*` for all of them, or `events`. */
  readonly on: string;
  readonly kind: CallFault | EventFault;
  /** How many more calls or events it strikes. */
  readonly times: number;
  /** Seconds, for `429`. */
  readonly retryAfter: number;
}

export interface FaultInput {
  readonly on: string;
  readonly kind: string;
  readonly times?: number | undefined;
  readonly retryAfter?: number | undefined;
}

/** The troubles set on one platform; each strikes a given number of times, the oldest first. */
export interface Faults {
  /** @throws HobnobError `SANDBOX_INPUT` for a kind or a target that does not exist */
  add(input: FaultInput): Fault;
  list(): readonly Fault[];
  takeCall(method: string): (Fault & { readonly kind: CallFault }) | undefined;
  /** `skip` names a kind that does not fit now and stays for the next event. */
  takeEvent(skip?: EventFault): EventFault | undefined;
  clear(): void;
}

export function createFaults(methods: readonly string[], onChange: (faults: readonly Fault[]) => void): Faults {
  let faults: Fault[] = [];

  function take(fits: (fault: Fault) => boolean): Fault | undefined {
    const index = faults.findIndex(fits);
    if (index === -1) return undefined;
    const fault = faults[index]!;
    faults = fault.times > 1 ? faults.with(index, { ...fault, times: fault.times - 1 }) : faults.toSpliced(index, 1);
    onChange(faults);
    return fault;
  }

  return {
    add(input) {
      const { on, times = 1, retryAfter = 1 } = input;
      const targets = [...methods, "*", "events"];
      if (!targets.includes(on)) {
        throw new HobnobError(
          "SANDBOX_INPUT",
          `\`on\` is "${on}", which cannot fail here${suggest(on, targets)}. Known: ${targets.join(", ")}.`,
        );
      }
      const kinds: readonly string[] = on === "events" ? EVENT_KINDS : CALL_KINDS;
      if (!kinds.includes(input.kind)) {
        throw new HobnobError(
          "SANDBOX_INPUT",
          `\`kind\` is "${input.kind}", which is not known for \`${on}\`${suggest(input.kind, kinds)}. Known: ${kinds.join(", ")}.`,
        );
      }
      const fault: Fault = { on, kind: input.kind as Fault["kind"], times, retryAfter };
      faults = [...faults, fault];
      onChange(faults);
      return fault;
    },
    list: () => faults,
    takeCall: (method) =>
      take(({ on }) => on === method || on === "*") as (Fault & { readonly kind: CallFault }) | undefined,
    takeEvent: (skip) => take(({ on, kind }) => on === "events" && kind !== skip)?.kind as EventFault | undefined,
    clear() {
      faults = [];
      onChange(faults);
    },
  };
}
