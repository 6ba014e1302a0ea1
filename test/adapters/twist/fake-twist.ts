import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface FakeCall {
  /** `comments/add`, `callback`, … */
  readonly name: string;
  readonly query: Readonly<Record<string, string>>;
  readonly body: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test looks at what the wire brings
  readonly json: any;
  readonly headers: IncomingMessage["headers"];
}

/** An answer of the API: JSON with 200, or a function that does what it likes. */
export type FakeAnswer = object | ((response: ServerResponse, call: FakeCall) => void);

export interface FakeTwist extends AsyncDisposable {
  readonly apiUrl: string;
  readonly oauthUrl: string;
  /** Takes late answers, as `callback`. */
  readonly callback: string;
  readonly calls: FakeCall[];
  /** The names of the calls since the start, but for the question whose the token is. */
  readonly names: () => readonly string[];
  /** Answers for a call, one after another; the last one stays. */
  on(name: string, ...answers: FakeAnswer[]): void;
}

export const BOT = { id: 42, name: "Moe", bot: true, default_workspace: 5517 };

/** As much of Twist as a test says, on a port of its own. */
export async function createFakeTwist(): Promise<FakeTwist> {
  const answers = new Map<string, FakeAnswer[]>([["users/get_session_user", [BOT]]]);
  const calls: FakeCall[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString();
    const { pathname, searchParams } = new URL(request.url!, "http://x");
    const name = pathname.replace(/^\/(?:api\/v\d\/)?/, "");
    const json = request.headers["content-type"] === "application/json" ? JSON.parse(body) : undefined;
    const call = { name, query: Object.fromEntries(searchParams), body, json, headers: request.headers };
    calls.push(call);
    const list = answers.get(name) ?? [refusal(404, 108)];
    const answer = list.length > 1 ? list.shift()! : list[0]!;
    if (typeof answer === "function") answer(response, call);
    else send(response, 200, answer);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    apiUrl: `${origin}/api/v3/`,
    oauthUrl: `${origin}/oauth/`,
    callback: `${origin}/callback`,
    calls,
    names: () => calls.map(({ name }) => name).filter((name) => name !== "users/get_session_user"),
    on(name, ...list) {
      answers.set(name, list);
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** An error as Twist answers it. */
export function refusal(status: number, code: number, headers: Record<string, string> = {}): FakeAnswer {
  const body = { error_uuid: "f699", error_code: code, error_extra: {}, error_string: "a text of Twist's" };
  return (response) => send(response, status, body, headers);
}

export function send(
  response: ServerResponse,
  status: number,
  body: object,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(JSON.stringify(body));
}
