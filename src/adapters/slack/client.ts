import type { WebAPICallResult, WebClient, WebClientOptions } from "@slack/web-api";
import { DeliveryError } from "../../core/index.ts";
import { failedCall, refusedCall, unsureCall } from "./failure.ts";
import type { Answer } from "./http-answer.ts";
import type { Call, Transport } from "./transport.ts";

/** A token that changes: renewed when it is about to expire, another one after an installation. */
export interface TokenSource {
  /** @throws DeliveryError when there is none */
  token(): Promise<string>;
  /** The token in place of one that Slack has refused; undefined when there is no other. @throws DeliveryError */
  renew(refused: string, code: string): Promise<string | undefined>;
}

/** Where a client calls, with whose token. */
export interface ClientOptions {
  /** Undefined for methods that take none. */
  readonly token: string | TokenSource | undefined;
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

  // Nearly all calls have the same: what is made of these headers on their way is made once.
  let latest: { readonly bearer: string | undefined; readonly headers: Call["headers"] } = {
    bearer: undefined,
    headers: HEADERS,
  };

  function callWith(bearer: string | undefined, method: string, body: string): Promise<WebAPICallResult> {
    if (bearer !== latest.bearer) {
      const headers = bearer === undefined ? HEADERS : { ...HEADERS, authorization: `Bearer ${bearer}` };
      latest = { bearer, headers };
    }
    const call = { url: apiUrl + method, what: method, headers: latest.headers, body };
    return transport.post(call).then((answer) => readAnswer(method, answer));
  }

  async function callAs(source: TokenSource, method: string, body: string): Promise<WebAPICallResult> {
    const current = await source.token();
    try {
      return await callWith(current, method, body);
    } catch (error) {
      const code = error instanceof DeliveryError ? String(error.cause) : "";
      const next = TOKEN_REFUSED.includes(code) ? await source.renew(current, code) : undefined;
      if (next === undefined) throw error;
      return callWith(next, method, body);
    }
  }

  class LeanClient extends stock {
    override apiCall(method: string, args: Record<string, unknown> = {}): Promise<WebAPICallResult> {
      const body = encodeForm(args);
      return typeof token === "object" ? callAs(token, method, body) : callWith(token, method, body);
    }
  }
  return new LeanClient(undefined, webClientOptions(options));
}

const HEADERS = {
  "content-type": "application/x-www-form-urlencoded",
  accept: "application/json",
  "user-agent": "hobnob",
};
const TOKEN_REFUSED = ["account_inactive", "invalid_auth", "token_expired", "token_revoked"];

function encodeForm(args: Record<string, unknown>): string {
  let form = "";
  for (const key in args) {
    const value = args[key];
    if (value === undefined || value === null) continue;
    const text = typeof value === "object" ? JSON.stringify(value) : String(value);
    form += `${form && "&"}${encodeURIComponent(key)}=${encodeURIComponent(text)}`;
  }
  return form;
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
