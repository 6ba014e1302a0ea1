import type { DeadLetter, DeadLetters } from "../../core/index.ts";
import type { Backend, DeadRecord, DeadWrite } from "./backend.ts";
import type { Batcher } from "./batcher.ts";
import { errorsOf, jsonOf, namesOf } from "./jobs.ts";

/** Jobs that used up their attempts, and what a person can do with them. */
export function createDeadLetters(
  backend: Backend,
  ask: Batcher["ask"],
  settled: () => Promise<void>,
  revived: () => void,
): DeadLetters {
  function write(id: string, make: (id: number) => DeadWrite): Promise<boolean> {
    const number = numberOf(id);
    // Asked all the same: a storage that is closed says so.
    return ask({ part: "dead", write: () => make(number ?? 0) });
  }

  return {
    async list(limit) {
      await settled();
      return (await backend.deadList(limit)).map(toDeadLetter);
    },
    async get(id) {
      await settled();
      const number = numberOf(id);
      const record = number === undefined ? undefined : await backend.deadGet(number);
      return record && toDeadLetter(record);
    },
    retry(id) {
      // Its lane may be ready with it: the batch that makes it so can claim it.
      revived();
      return write(id, (number) => ({ id: number, kind: "retry" }));
    },
    async edit(id, payload) {
      const json = jsonOf(payload);
      return write(id, (number) => ({ id: number, kind: "edit", payload: json }));
    },
    discard: (id) => write(id, (number) => ({ id: number, kind: "discard" })),
  };
}

const numberOf = (id: string) => (/^\d{1,15}$/.test(id) ? Number(id) : undefined);

function toDeadLetter(record: DeadRecord): DeadLetter {
  const { id, storedAt, diedAt, attempts } = record;
  return {
    id: String(id),
    ...namesOf(record),
    ...{ storedAt, diedAt, attempts, errors: errorsOf(record), payload: JSON.parse(record.payload) as unknown },
  };
}
