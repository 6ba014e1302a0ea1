import type { Backend } from "../../src/storage/fleet/index.ts";
import { createPostgresBackend } from "../../src/storage/postgres/backend.ts";
import { parseTarget } from "../../src/storage/postgres/target.ts";
import { openWire, type Wire } from "../servers/wire.ts";

export interface OpenedPostgres extends AsyncDisposable {
  readonly backend: Backend;
  /** How often it was told to look. */
  readonly wakes: number;
}

export async function openPostgresBackend(url: string): Promise<OpenedPostgres> {
  const backend = createPostgresBackend(parseTarget(url));
  let wakes = 0;
  await backend.open(() => {
    wakes += 1;
  });
  return {
    backend,
    get wakes() {
      return wakes;
    },
    [Symbol.asyncDispose]: () => backend.close(),
  };
}

/** @param isPooler notifications are lost on the way, as in a pooler that gives each transaction another connection */
export function openPostgresWire(url: string, { isPooler = false } = {}): Promise<Wire> {
  return openWire(url, { mark: "apply", ...(isPooler && { keep: withoutNotifications }) });
}

/** Passes on whole messages (a letter, then the length of the rest) but those of the letter A. */
function withoutNotifications(): (data: Buffer) => Buffer {
  let rest = Buffer.alloc(0);
  return (data) => {
    const kept: Buffer[] = [];
    rest = Buffer.concat([rest, data]);
    while (rest.length >= 5) {
      const end = 1 + rest.readUInt32BE(1);
      if (rest.length < end) break;
      if (rest[0] !== "A".charCodeAt(0)) kept.push(rest.subarray(0, end));
      rest = rest.subarray(end);
    }
    return Buffer.concat(kept);
  };
}
