import { stringify } from "node:querystring";
import type { WebAPICallResult, WebClient, WebClientOptions } from "@slack/web-api";
import { failedCall, refusedCall, unsureCall } from "./failure.ts";
import type { Answer, Transport } from "./transport.ts";

/** Where a client calls, with whose token. */
export interface ClientOptions {
  readonly token: string;
  /** Ends in a slash. */
  readonly apiUrl: string;
  readonly transport: Transport;
}

/** What every WebClient here is made with: one try at once, since core paces and retries. */
export function webClientOptions({ apiUrl, transport }: Omit<ClientOptions, "token">) {
  return {
    slackApiUrl: apiUrl,
    fetch: fetchOver(transport),
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    maxRequestConcurrency: 10_000,
  } satisfies WebClientOptions;
}

/**
 * A WebClient that goes straight to the wire. The stock `apiCall` redacts each request and answer for a log that is off,
 * and passes a queue and a retry loop that core has already; together they cost about as much as the call itself.
 * Every method of it throws core's `RateLimitError` and `DeliveryError`.
 */
export function createClient(stock: typeof WebClient, options: ClientOptions): WebClient {
  const { token, apiUrl, transport } = options;
  const headers = {
    authorization: `Bearer ${token}`,
    "content-type": "application/x-www-form-urlencoded",
    accept: "application/json",
    "user-agent": "hobnob",
  };

  class LeanClient extends stock {
    override async apiCall(method: string, args: Record<string, unknown> = {}): Promise<WebAPICallResult> {
      const answer = await transport.post({ url: apiUrl + method, what: method, headers, body: encodeForm(args) });
      return readAnswer(method, answer);
    }
  }
  return new LeanClient(token, webClientOptions(options));
}

function encodeForm(args: Record<string, unknown>): string {
  const flat: Record<string, string | number | boolean> = {};
  for (const key in args) {
    const value = args[key];
    if (value === undefined || value === null) continue;
    flat[key] = typeof value === "object" ? JSON.stringify(value) : (value as string | number | boolean);
  }
  return stringify(flat);
}

function readAnswer(method: string, { status, headers, body }: Answer): WebAPICallResult {
  if (status !== 200) throw failedCall(method, status, headers["retry-after"]);
  let result: WebAPICallResult & { readonly error?: unknown };
  try {
    result = JSON.parse(body.toString());
  } catch {
    throw unsureCall(method, "had an answer that is not JSON");
  }
  if (result?.ok !== true) throw refusedCall(method, result ?? {}, headers["retry-after"]);
  const scopes = headers["x-oauth-scopes"];
  if (typeof scopes === "string") {
    result.response_metadata = { ...result.response_metadata, scopes: scopes.trim().split(/\s*,\s*/) };
  }
  return result;
}

/** What Bolt's own clients fetch with: the part of a `Response` that WebClient looks at. */
function fetchOver(transport: Transport): NonNullable<WebClientOptions["fetch"]> {
  return async (url, init = {}) => {
    const { headers = {}, body = "", signal } = init;
    if (typeof body !== "string") return fetch(url, { ...init, headers, body });
    const { href, pathname } = new URL(url);
    const what = pathname.slice(pathname.lastIndexOf("/") + 1);
    const answer = await transport.post({ url: href, what, headers, body, signal });
    const text = () => answer.body.toString();
    return {
      ok: answer.status >= 200 && answer.status < 300,
      status: answer.status,
      statusText: answer.statusText,
      url: href,
      headers: {
        get: (name) => {
          const value = answer.headers[name.toLowerCase()];
          return value === undefined ? null : String(value);
        },
        entries: () => Object.entries(answer.headers).map(([name, value]) => [name, String(value)]),
      },
      arrayBuffer: async () => new Uint8Array(answer.body).buffer,
      json: async () => JSON.parse(text()),
      text: async () => text(),
    };
  };
}
