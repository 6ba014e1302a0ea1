import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { Front, type FrontOptions } from "../../src/server/front.ts";
import { eventually } from "../storage/desk.ts";

interface Received {
  readonly by: "front" | "node:http";
  readonly url: string;
  readonly headers: unknown;
  readonly body: string;
}

/** A server that answers each request with the length of its body; without `hasFront` all by node:http. */
export async function serve(options: Partial<FrontOptions> = {}, hasFront = true) {
  const received: Received[] = [];
  const server = createServer((request: IncomingMessage, response) => {
    let body = "";
    request.setEncoding("latin1").on("data", (part) => (body += part));
    request.on("end", () => {
      received.push({ by: "node:http", url: request.url!.replace(/\?$/, ""), headers: { ...request.headers }, body });
      response.end(String(body.length));
    });
  });
  server.on("clientError", (_, socket) => {
    if (socket.writable) socket.end("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
  });
  const front = hasFront
    ? new Front(server, {
        bodyLimit: 1000,
        requestTimeout: 15_000,
        keepAliveTimeout: 65_000,
        serves: (path) => path === "/hook",
        async webhook({ path, query, headers, body }) {
          const url = query === "" ? path : `${path}?${query}`;
          received.push({ by: "front", url, headers, body: Buffer.from(body).toString("latin1") });
          return { status: 200, body: String(body.length) };
        },
        ...options,
      })
    : undefined;
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  return {
    received,
    front: front!,
    server,
    port,
    async [Symbol.asyncDispose]() {
      const closed = server.listening ? once(server, "close") : undefined;
      server.close();
      front?.stop();
      front?.destroy();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** A connection of which every byte is seen. */
export function dial(port: number) {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true }).setNoDelay();
  socket.on("error", () => {});
  let text = "";
  let hasEnded = false;
  socket.setEncoding("latin1").on("data", (part) => (text += part));
  socket.on("end", () => (hasEnded = true)).on("close", () => (hasEnded = true));
  return {
    socket,
    get text() {
      return text;
    },
    get hasEnded() {
      return hasEnded;
    },
    send: (bytes: string) => socket.write(bytes, "latin1"),
    /** Status and body of each answer so far. */
    answers() {
      return [...text.matchAll(/HTTP\/1\.1 (\d+) [^\r]*\r\n(?:[^\r]+\r\n)*\r\n(\d*)/g)].map(([, status, body]) => [
        Number(status),
        body,
      ]);
    },
    async answered(count: number) {
      await eventually(`there are ${count} answers`, () => this.answers().length >= count);
      return this.answers();
    },
    async ended() {
      await eventually("the connection has ended", () => hasEnded);
      return this.answers();
    },
    [Symbol.dispose]: () => void socket.destroy(),
  };
}

export function post(body: string, more: readonly string[] = [], target = "/hook"): string {
  return [`POST ${target} HTTP/1.1`, "Host: bot", `Content-Length: ${body.length}`, ...more, "", body].join("\r\n");
}
