import { Agent as HttpAgent, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import type { ITwitterApiClientPlugin, TwitterApi } from "twitter-api-v2";
import { DeliveryError } from "../../core/index.ts";
import { lostJobs } from "../shared/failure.ts";
import { toError } from "./failure.ts";
import type { Keys } from "./options.ts";

/** Calls to X, each under X's own name of the operation. Failures are `RateLimitError` or `DeliveryError`, without secrets. */
export interface Client {
  /** A call that changes nothing. */
  read<T>(name: string, call: (api: TwitterApi) => Promise<T>): Promise<T>;
  /** A call that X may have taken when it fails. */
  write<T>(name: string, call: (api: TwitterApi) => Promise<T>): Promise<T>;
  /** The bytes at an address that wants the account's signature, or none. @throws DeliveryError permanent when they are more than `maxBytes` */
  bytes(url: string, options: { readonly isSigned: boolean; readonly maxBytes: number }): Promise<Uint8Array>;
  close(): void;
}

export interface ClientOptions {
  /** The account's keys, or the app-only token. */
  readonly as: Keys | string;
  /** Ends in a slash. */
  readonly apiUrl: string;
  /** Milliseconds a call may take. */
  readonly timeout: number;
  now(): number;
  /** The host's; asked before each call. */
  readonly maySend?: (() => boolean) | undefined;
}

/** The address that the SDK believes in. */
const SDK_URL = "https://api.x.com/";

export async function createClient({ as, apiUrl, timeout, now, maySend = () => true }: ClientOptions): Promise<Client> {
  // It takes a twentieth of a second to load; a bot that only imports this module does not pay for it.
  const sdk = await import("twitter-api-v2");
  const agents = { http: new HttpAgent({ keepAlive: true }), https: new HttpsAgent({ keepAlive: true }) };
  const agentOf = (url: string) => (url.startsWith("http:") ? agents.http : agents.https);
  const createApi = (url: string, plugins: ITwitterApiClientPlugin[]) => {
    const settings = { httpAgent: agentOf(url), plugins };
    return typeof as === "string" ? new sdk.TwitterApi(as, settings) : new sdk.TwitterApi({ ...as }, settings);
  };
  const api = createApi(apiUrl, [redirect(apiUrl), deadline(timeout)]);

  async function make<T>(name: string, isRead: boolean, call: () => Promise<T>): Promise<T> {
    if (!maySend()) throw lostJobs("X", name);
    try {
      return await call();
    } catch (error) {
      throw toError(error, { name, isRead, now: now() });
    }
  }

  return {
    read: (name, call) => make(name, true, () => call(api)),
    write: (name, call) => make(name, false, () => call(api)),
    async bytes(url, { isSigned, maxBytes }) {
      const limit = { isExceeded: false };
      const loader = createApi(url, [deadline(timeout), atMost(maxBytes, limit)]);
      const tooLarge = () =>
        new DeliveryError(`The file is larger than ${maxBytes} bytes.`, { maybeSent: false, permanent: true });
      try {
        const options = { forceParseMode: "buffer", enableAuth: isSigned, compression: "identity" } as const;
        const bytes = await make("download", true, () => loader.get<Buffer>(url, undefined, options));
        // The SDK hands over what it has got when a connection ends early.
        if (limit.isExceeded) throw tooLarge();
        return bytes;
      } catch (error) {
        throw limit.isExceeded ? tooLarge() : error;
      }
    },
    close() {
      agents.http.destroy();
      agents.https.destroy();
    },
  };
}

/** The app-only token that belongs to the app's key and secret. */
export async function fetchBearerToken(options: ClientOptions & { readonly as: Keys }): Promise<string> {
  const client = await createClient(options);
  try {
    const app = await client.read("oauth2/token", (api) => api.appLogin());
    const tokens = app.getActiveTokens();
    if (tokens.type === "oauth2") return tokens.bearerToken;
    throw new DeliveryError("X gave no app-only token for this key and secret.", { maybeSent: false, permanent: true });
  } finally {
    client.close();
  }
}

// The SDK knows one address only, and tells by the path how a body is to be written.
function redirect(apiUrl: string): ITwitterApiClientPlugin {
  return {
    onBeforeRequestConfig({ params }) {
      if (!params.url.startsWith(SDK_URL)) return;
      const path = params.url.slice(SDK_URL.length);
      params.url = apiUrl + path;
      if (path.startsWith("2/")) params.forceBodyMode ??= "json";
    },
  };
}

// The SDK's own time-out begins anew with each byte.
function deadline(timeout: number): ITwitterApiClientPlugin {
  return {
    onBeforeRequest({ requestOptions }) {
      Object.assign(requestOptions, { signal: AbortSignal.timeout(timeout) });
    },
  };
}

function atMost(maxBytes: number, limit: { isExceeded: boolean }): ITwitterApiClientPlugin {
  return {
    onBeforeRequestConfig({ params }) {
      params.requestEventDebugHandler = (event, data) => {
        if (event !== "response") return;
        const { res } = data as { readonly res: IncomingMessage };
        let size = Number(res.headers["content-length"] ?? 0);
        const check = () => {
          if (size <= maxBytes) return;
          limit.isExceeded = true;
          res.destroy();
        };
        check();
        size = 0;
        res.on("data", (chunk: Buffer) => {
          size += chunk.length;
          check();
        });
      };
    },
  };
}
