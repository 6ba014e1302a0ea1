import { connect } from "node:net";
import { channelOf, signedRequest } from "./event.ts";

/** What the generator is asked to send. */
export interface Load {
  readonly port: number;
  /** Index of the first event; no two loads of a round share one. */
  readonly first: number;
  readonly events: number;
  readonly channels: number;
  readonly connections: number;
}

/** What came of it. Times are of the monotonic clock all processes share, in microseconds. */
export interface LoadResult {
  readonly startedAt: number;
  readonly p50: number;
  readonly p99: number;
  /** By channel, how many events were answered with 200. */
  readonly acknowledged: ReadonlyMap<string, number>;
  readonly refused: number;
}

const micros = (): number => Number(process.hrtime.bigint() / 1000n);

process.on("message", async (load: Load) => {
  process.send?.(await run(load));
});

async function run({ port, first, events, channels, connections }: Load): Promise<LoadResult> {
  const requests = Array.from({ length: events }, (_, at) => signedRequest(first + at, channels));
  const acknowledged = new Map<string, number>();
  const times: number[] = [];
  let next = 0;
  let refused = 0;

  const connection = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const socket = connect(port, "127.0.0.1").setNoDelay();
      let at = 0;
      let sentAt = 0;
      let answer = "";
      const send = (): void => {
        if (next >= events) {
          socket.end();
          resolve();
          return;
        }
        at = next++;
        answer = "";
        sentAt = micros();
        socket.write(requests[at]!);
      };
      socket.on("connect", send);
      socket.on("error", reject);
      socket.on("close", () => reject(new Error("The bot closed the connection.")));
      socket.on("data", (data: Buffer) => {
        answer += data.toString("latin1");
        if (!isComplete(answer)) return;
        times.push(micros() - sentAt);
        const channel = channelOf(first + at, channels);
        if (answer.startsWith("HTTP/1.1 200")) acknowledged.set(channel, (acknowledged.get(channel) ?? 0) + 1);
        else refused++;
        send();
      });
    });

  const startedAt = micros();
  await Promise.all(Array.from({ length: connections }, connection));
  times.sort((a, b) => a - b);
  return {
    startedAt,
    p50: times[Math.floor(times.length * 0.5)] ?? 0,
    p99: times[Math.floor(times.length * 0.99)] ?? 0,
    acknowledged,
    refused,
  };
}

function isComplete(answer: string): boolean {
  const head = answer.indexOf("\r\n\r\n");
  if (head < 0) return false;
  const length = /\r\ncontent-length: *(\d+)/i.exec(answer.slice(0, head))?.[1];
  return length === undefined ? answer.endsWith("0\r\n\r\n") : answer.length >= head + 4 + Number(length);
}
