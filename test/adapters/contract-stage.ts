import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { toResponse, toWebhookRequest } from "../../src/core/http.ts";
import type { Adapter, WebhookRequest } from "../../src/core/index.ts";
import { createSandbox, type HostBindings, type ShownMessage } from "../../src/sandbox/index.ts";
import type { Overview } from "../../src/sandbox/shown.ts";
import { PNG } from "../../src/testing/contract/png.ts";
import type {
  BotSide,
  EventFixture,
  ExpectedEvent,
  PlatformUnderTest,
  UnsignedRequest,
} from "../../src/testing/index.ts";

/** A call of an adapter at a simulator, and the answer. */
export interface ApiExchange {
  readonly method: string;
  /** Below the simulator's base URL, with the query. */
  readonly path: string;
  readonly contentType: string;
  readonly body: string;
  readonly status: number;
  readonly answer: string;
}

/** What differs from simulator to simulator. Fixtures may name credentials: `$botUserId`. */
export interface Simulated {
  create(): Adapter;
  /** The adapter's options that hold secrets. */
  readonly secrets: readonly string[];
  /** Headers and body as the platform makes them with these credentials. */
  sign(
    request: UnsignedRequest,
    signer: Signer,
  ): Pick<WebhookRequest, "headers" | "body"> & { readonly query?: string };
  /** The same request as somebody else would make it. */
  readonly forge: PlatformUnderTest["forge"];
  /** Somebody has to install the bot before it hears anything. */
  readonly isInstalled?: boolean;
  /** Where people speak, as the control API calls it. @default the first one that the page shows */
  readonly conversation?: string;
  /** The calls that go wrong. @default the one that posts */
  readonly faultsOn?: string;
  /** What people put before what they say, so that the bot hears it. */
  readonly prefix?: string;
  /** Called with each call of the adapter. */
  readonly onCall?: (exchange: ApiExchange) => void;
}

export interface Signer {
  readonly credentials: Readonly<Record<string, string>>;
  /** Full URL of the bot's webhook. */
  readonly webhook: string;
}

/** A simulator with a bot at its other end, over HTTP in both directions. */
export async function openSimulated(bot: BotSide, simulated: Simulated): Promise<PlatformUnderTest> {
  const { create, secrets, isInstalled = false, prefix = "", conversation, faultsOn, onCall } = simulated;
  const adapter = create();
  const { platform, name, paths } = adapter;
  const sandbox = createSandbox({ url: () => url, retryDelays: [0, 5, 10], botName: "moe" });
  const server = createServer(getRequestListener(answer));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const webhook = `${url}${paths[0]}`;
  const credentials = sandbox.connect({ platform, name, webhook })!;
  adapter.sandbox!(credentials);

  async function answer(request: Request, host: HostBindings): Promise<Response> {
    const { pathname, search } = new URL(request.url);
    if (pathname === "/menu.png") return new Response(PNG, { headers: { "content-type": "image/png" } });
    if (!pathname.startsWith("/sandbox/")) return toResponse(await bot.deliver(await toWebhookRequest(request)));
    if (onCall === undefined) return sandbox.fetch(request, host);
    const body = await request.clone().text();
    const response = await sandbox.fetch(request, host);
    onCall({
      method: request.method,
      path: pathname.slice(`/sandbox/${platform}/`.length) + search,
      contentType: request.headers.get("content-type") ?? "",
      body,
      status: response.status,
      answer: await response.clone().text(),
    });
    return response;
  }

  async function control<T>(path: string, body?: object): Promise<T> {
    const init = body && {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    };
    const response = await sandbox.fetch(new Request(`${url}/sandbox${path}`, init));
    if (!response.ok) throw new Error(await response.text());
    return (await response.json()) as T;
  }

  const { platforms } = await control<{ platforms: Pick<Overview, "platform" | "replyMethod">[] }>("");
  const place = conversation === undefined ? "" : `?conversation=${encodeURIComponent(conversation)}`;
  const { replyMethod } = platforms.find((each) => each.platform === platform)!;

  return {
    adapter,
    url,
    fileUrl: `${url}/menu.png`,
    secrets: secrets.map((option) => credentials[option]!),
    ...(isInstalled && {
      async install() {
        await control(`/${platform}/install`, {});
      },
      async uninstall() {
        await control(`/${platform}/uninstall`, {});
      },
    }),
    async say(text) {
      await control(`/${platform}/say`, { text: prefix + text, conversation });
    },
    async sendFile({ name, data }) {
      const file = { name, mimeType: "image/png", data: Buffer.from(data).toString("base64") };
      await control(`/${platform}/say`, { text: `${prefix}a file`, files: [file], conversation });
    },
    async posts() {
      return (await control<readonly ShownMessage[]>(`/${platform}/messages${place}`)).filter(({ self }) => self);
    },
    async fail(kind, times) {
      await control(`/${platform}/faults`, { on: faultsOn ?? replyMethod, kind, times, retryAfter: 1 });
    },
    sign({ body, ...request }) {
      const filled =
        typeof body === "string" ? body.replace(/\$(\w+)/g, (all, name) => credentials[name] ?? all) : body;
      return {
        method: "POST",
        path: paths[0]!,
        query: "",
        ...simulated.sign({ body: filled, ...request }, { credentials, webhook }),
      };
    },
    forge: simulated.forge,
    async [Symbol.asyncDispose]() {
      await sandbox.close();
      server.closeAllConnections();
      server.close();
    },
  };
}

export const FORM = "application/x-www-form-urlencoded";

/** A fixture that comes as a form. */
export function formFixture(
  name: string,
  fields: Readonly<Record<string, string>>,
  ...events: readonly ExpectedEvent[]
): EventFixture {
  // What stands for a credential must stay readable.
  const body = new URLSearchParams(fields).toString().replaceAll("%24", "$");
  return { name, body, contentType: FORM, events };
}
