import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import {
  createSandbox,
  type DeliveryRecord,
  type SandboxPlatform,
  type ShownMessage,
} from "../../src/sandbox/index.ts";
import { freePort } from "../servers/port.ts";

export interface Received {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test looks at what the wire brings
  readonly json: any;
  readonly form: URLSearchParams;
}

export interface Answer {
  readonly status: number;
  readonly body?: string;
  readonly headers?: Record<string, string>;
}

async function listen(listener: Parameters<typeof createServer>[1], at = 0) {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(at, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A bot's webhook that keeps what it receives; `answers` are used up in order, then it says 200. */
export async function openBot(at?: number) {
  const received: Received[] = [];
  const answers: Answer[] = [];
  const waiting: (() => void)[] = [];
  const { url, close } = await listen(
    async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      const body = Buffer.concat(chunks).toString();
      const json = body.startsWith("{") ? JSON.parse(body) : undefined;
      received.push({ headers: request.headers, body, json, form: new URLSearchParams(body) });
      const answer: Answer = answers.shift() ?? { status: 200 };
      response.writeHead(answer.status, answer.headers).end(answer.body);
      for (const look of waiting) look();
    },
    at ?? (await freePort()),
  );

  return {
    url,
    received,
    answers,
    close,
    /** The first `count` requests, once they are here. */
    async gets(count: number): Promise<readonly Received[]> {
      await new Promise<void>((resolve) => {
        const look = () => {
          if (received.length >= count) resolve();
        };
        waiting.push(look);
        look();
      });
      return received.slice(0, count);
    },
  };
}

export interface StageOptions {
  readonly retryDelays?: readonly number[];
  readonly webhook?: string;
  /** In place of the sandbox's own. */
  readonly platforms?: readonly SandboxPlatform[];
}

/** A sandbox behind a real server with one bot connected to Slack. */
export async function openStage(options: StageOptions = {}) {
  const bot = await openBot();
  let base = "";
  const sandbox = createSandbox({
    url: () => base,
    retryDelays: options.retryDelays ?? [0, 5, 10],
    botName: "moe",
    ...(options.platforms && { platforms: options.platforms }),
  });
  const server = await listen(getRequestListener(sandbox.fetch, { overrideGlobalObjects: false }));
  base = server.url;
  const webhook = options.webhook ?? `${bot.url}/slack/events`;
  const credentials = sandbox.connect({ platform: "slack", name: "slack", webhook })!;

  function control(path: string, body?: unknown, init: RequestInit = {}): Promise<Response> {
    return fetch(`${base}/sandbox${path}`, {
      method: body === undefined ? "GET" : "POST",
      ...(body === undefined
        ? {}
        : {
            headers: { "content-type": "application/json" },
            body: typeof body === "string" ? body : JSON.stringify(body),
          }),
      ...init,
    });
  }

  return {
    base,
    bot,
    sandbox,
    credentials,
    control,
    async say(said: object | string): Promise<string> {
      const response = await control("/slack/say", typeof said === "string" ? { text: said } : said);
      return ((await response.json()) as { id: string }).id;
    },
    async messages(query = "conversation=general"): Promise<readonly ShownMessage[]> {
      return (await (await control(`/slack/messages?${query}`)).json()) as ShownMessage[];
    },
    async deliveries(query = ""): Promise<readonly DeliveryRecord[]> {
      return (await (await control(`/slack/deliveries${query}`)).json()) as DeliveryRecord[];
    },
    callApi(method: string, body: object = {}, init: RequestInit = {}): Promise<Response> {
      return fetch(`${base}/sandbox/slack/api/${method}`, {
        method: "POST",
        headers: {
          "content-type": "application/json; charset=utf-8",
          authorization: `Bearer ${credentials.token}`,
        },
        body: JSON.stringify(body),
        ...init,
      });
    },
    // biome-ignore lint/suspicious/noExplicitAny: a test looks at what the wire brings
    async api(method: string, body: object = {}): Promise<any> {
      return (await this.callApi(method, body)).json();
    },
    async [Symbol.asyncDispose]() {
      await sandbox.close();
      await server.close();
      await bot.close();
    },
  };
}
