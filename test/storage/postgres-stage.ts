import { connect, createServer, type Socket } from "node:net";
import type { Backend } from "../../src/storage/fleet/index.ts";
import { createPostgresBackend } from "../../src/storage/postgres/backend.ts";
import { parseTarget } from "../../src/storage/postgres/target.ts";

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

/** A wire to Postgres that loses things. */
export interface Wire extends AsyncDisposable {
  readonly url: string;
  /** The server gets the batch that is sent next, and the connection breaks before its answer comes back. */
  loseNextAnswer(): void;
  /** All connections break, and none can be made for now. */
  cut(): void;
  mend(): void;
}

/** @param isPooler notifications are lost on the way, as in a pooler that gives each transaction another connection */
export async function openWire(url: string, { isPooler = false } = {}): Promise<Wire> {
  const to = new URL(url);
  const sockets = new Set<Socket>();
  let isLosing = false;
  let isCut = false;
  const server = createServer((near) => {
    if (isCut) return near.destroy();
    const far = connect(Number(to.port), to.hostname);
    const keep = isPooler ? withoutNotifications() : (data: Buffer) => data;
    let isDoomed = false;
    sockets.add(near).add(far);
    near.on("data", (data) => {
      if (isLosing && data.includes("apply")) {
        isLosing = false;
        isDoomed = true;
      }
      far.write(data);
    });
    far.on("data", (data) => {
      if (isDoomed) near.destroy();
      else near.write(keep(data));
    });
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      one.on("error", () => {});
      one.on("close", () => {
        sockets.delete(one);
        other.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const through = new URL(url);
  through.port = String((server.address() as { port: number }).port);
  const breakAll = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: through.href,
    loseNextAnswer() {
      isLosing = true;
    },
    cut() {
      isCut = true;
      breakAll();
    },
    mend() {
      isCut = false;
    },
    async [Symbol.asyncDispose]() {
      breakAll();
      await new Promise((resolve) => server.close(resolve));
    },
  };
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
