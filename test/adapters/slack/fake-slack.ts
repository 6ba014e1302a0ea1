import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface FakeCall {
  readonly method: string;
  /** The form as text, its JSON values parsed. */
  readonly args: Readonly<Record<string, unknown>>;
  readonly body: Buffer;
  readonly headers: IncomingMessage["headers"];
}

/** An answer of the API: an object is sent as JSON with 200, a function does what it likes. */
export type FakeAnswer = object | ((response: ServerResponse, call: FakeCall) => void);

export interface FakeSlack extends AsyncDisposable {
  readonly apiUrl: string;
  readonly origin: string;
  readonly calls: FakeCall[];
  /** Sockets that were opened. */
  readonly connections: () => number;
  /** Answers for a method, one a call; the last one stays. */
  on(method: string, ...answers: FakeAnswer[]): void;
}

/** As much of Slack's Web API as a test says, on a port of its own. */
export async function createFakeSlack(): Promise<FakeSlack> {
  const answers = new Map<string, FakeAnswer[]>();
  const calls: FakeCall[] = [];
  let connections = 0;
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const method = request.url!.split("/").at(-1)!;
    const call = { method, args: parseForm(body.toString()), body, headers: request.headers };
    calls.push(call);
    const list = answers.get(method) ?? [{ ok: false, error: "unknown_method" }];
    const answer = list.length > 1 ? list.shift()! : list[0]!;
    if (typeof answer === "function") answer(response, call);
    else sendJson(response, answer);
  });
  server.on("connection", () => connections++);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    apiUrl: `${origin}/api/`,
    origin,
    calls,
    connections: () => connections,
    on(method, ...list) {
      answers.set(method, list);
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

export function sendJson(response: ServerResponse, body: object, headers: Record<string, string> = {}): void {
  response.writeHead(200, { "content-type": "application/json; charset=utf-8", ...headers });
  response.end(JSON.stringify(body));
}

function parseForm(text: string): Record<string, unknown> {
  return Object.fromEntries(
    [...new URLSearchParams(text)].map(([key, value]) => [key, /^[[{]/.test(value) ? JSON.parse(value) : value]),
  );
}
