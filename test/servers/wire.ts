import { connect, createServer, type Socket } from "node:net";

/** A wire to a server that loses things. */
export interface Wire extends AsyncDisposable {
  readonly url: string;
  /** The server gets the batch that is sent next, and the connection breaks before its answer comes back. */
  loseNextAnswer(): void;
  /** All connections break, and none can be made for now. */
  cut(): void;
  mend(): void;
}

export interface WireOptions {
  /** What is in every batch that is sent, and in nothing else. */
  readonly mark: string;
  /** Made for each connection: what it lets through of what comes back. @default all */
  keep?(): (data: Buffer) => Buffer;
}

export async function openWire(url: string, { mark, keep = () => (data) => data }: WireOptions): Promise<Wire> {
  const to = new URL(url);
  const sockets = new Set<Socket>();
  let isLosing = false;
  let isCut = false;
  const server = createServer((near) => {
    if (isCut) return near.destroy();
    const far = connect(Number(to.port), to.hostname);
    const kept = keep();
    let isDoomed = false;
    sockets.add(near).add(far);
    near.on("data", (data) => {
      if (isLosing && data.includes(mark)) {
        isLosing = false;
        isDoomed = true;
      }
      far.write(data);
    });
    far.on("data", (data) => {
      if (isDoomed) near.destroy();
      else near.write(kept(data));
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
