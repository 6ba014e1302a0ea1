import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import axios, { AxiosError, type AxiosInstance } from "axios";
import { DeliveryError, type HobnobError, RateLimitError } from "../../core/index.ts";
import { lostJobs, readRetryAfter } from "./failure.ts";
import { isReachable } from "./reach.ts";

/** One call to a platform's API. At most one of `form`, `json`, `body`. */
export interface Call {
  /** What the call is named in errors and what a fault is set on, for example `comments/add`. */
  readonly name: string;
  /** @default "POST" */
  readonly method?: "GET" | "POST" | "PUT" | "DELETE";
  /** Absolute, or relative to the base URL. */
  readonly url: string;
  readonly query?: Readonly<Record<string, string | number | undefined>> | undefined;
  readonly form?: URLSearchParams | undefined;
  readonly json?: unknown;
  readonly body?: FormData | Uint8Array | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  /** The Authorization header, for example `Bearer …`. */
  readonly authorization?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** @default 10 MB */
  readonly maxBytes?: number | undefined;
  /**
   * Redirects to follow, within the API or over https to the internet, never into our own network; the Authorization header
   * does not go along to another origin. Names are not resolved: one that leads into our network is followed. @default 0
   */
  readonly redirects?: number;
}

/** What came back, with a status below 400. */
export interface Answer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Uint8Array;
  /** The body as text. */
  readonly text: string;
  /** The body as JSON; undefined when it is not. */
  readonly json: unknown;
}

/** Makes calls with connections kept alive. Every failure is a `RateLimitError` or a `DeliveryError` without secrets. */
export interface Client {
  call(call: Call): Promise<Answer>;
  close(): void;
}

/** What the platform means by a 4xx. */
export interface Refusal {
  /** The platform's own code or type, never a text that a person wrote. */
  readonly code: string;
  /** What the operator can do about it. */
  readonly remedy?: string;
  /** Trying again cannot help. */
  readonly permanent: boolean;
}

export interface ClientOptions {
  /** For messages: `Twist`. */
  readonly platform: string;
  /** Ends in a slash. */
  readonly baseUrl: string;
  /** Milliseconds a call may take. */
  readonly timeout: number;
  /** Reads a 4xx answer. @default by its status; all but 408, 409, 423, 425 are permanent */
  refused?(answer: Answer): Refusal | undefined;
  /** Milliseconds to wait after this answer; undefined when it is no rate limit. @default 429, with its Retry-After, else 1 s */
  rateLimited?(answer: Answer): number | undefined;
  /** What a limit is on. @default "conversation" */
  readonly limitScope?: "conversation" | "account";
  /** The host's; asked before each call. */
  readonly maySend?: (() => boolean) | undefined;
}

const MAX_BYTES = 10_000_000;
// The connection was never made, so the call cannot have arrived.
const UNSENT = ["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH", "ERR_INVALID_URL"];
const PASSING = [408, 409, 423, 425];

export function createClient(options: ClientOptions): Client {
  const { platform, baseUrl, timeout, limitScope, maySend = () => true } = options;
  const agents = { httpAgent: new HttpAgent({ keepAlive: true }), httpsAgent: new HttpsAgent({ keepAlive: true }) };
  const http: AxiosInstance = axios.create({
    ...agents,
    timeout,
    responseType: "arraybuffer",
    validateStatus: () => true,
    transformRequest: [(data) => data],
  });

  async function attempt({
    name,
    method = "POST",
    maxBytes = MAX_BYTES,
    redirects = 0,
    ...call
  }: Call): Promise<Answer> {
    const { form, json, body, query, headers, authorization, signal } = call;
    const data = form?.toString() ?? (json === undefined ? body : JSON.stringify(json));
    const type = form ? "application/x-www-form-urlencoded" : json === undefined ? undefined : "application/json";
    if (!maySend()) throw lostJobs(platform, name);
    // axios has a time-out for the answer, not for the whole call.
    const limit = AbortSignal.timeout(timeout);
    let isMisled = false;
    try {
      const {
        status,
        headers: answered,
        data: bytes,
      } = await http.request<Buffer>({
        method,
        url: new URL(call.url, baseUrl).href,
        data,
        params: query,
        signal: signal ? AbortSignal.any([signal, limit]) : limit,
        maxRedirects: redirects,
        beforeRedirect({ href }: { readonly href?: string }) {
          isMisled = !mayLead(href ?? "", baseUrl);
          if (isMisled) throw new Error("not followed");
        },
        maxContentLength: maxBytes,
        headers: {
          ...(type && { "content-type": type }),
          ...headers,
          ...(authorization && { authorization }),
          "user-agent": "hobnob",
        },
      });
      return toAnswer(status, answered as Readonly<Record<string, unknown>>, bytes);
    } catch (error) {
      if (isMisled) {
        const message = `${platform} redirects ${name} to where it must not lead: into our own network, or away from https.`;
        throw new DeliveryError(message, { maybeSent: method !== "GET", permanent: true });
      }
      throw failure({ platform, name, method, error, isTimeout: limit.aborted, maxBytes });
    }
  }

  return {
    async call(call) {
      const answer = await attempt(call);
      const pause = (options.rateLimited ?? pauseOf429)(answer);
      if (pause !== undefined) {
        const message = `${platform} takes no more ${call.name} for now.`;
        throw new RateLimitError(message, { retryAfter: pause, ...(limitScope && { scope: limitScope }) });
      }
      if (answer.status < 400) return answer;
      if (answer.status >= 500) {
        throw new DeliveryError(
          `${platform} answered ${call.name} with HTTP ${answer.status}; it may have been carried out.`,
          { maybeSent: true, cause: `HTTP ${answer.status}` },
        );
      }
      throw refusedCall(platform, call.name, answer.status, options.refused?.(answer));
    },
    close() {
      agents.httpAgent.destroy();
      agents.httpsAgent.destroy();
    },
  };
}

function mayLead(address: string, baseUrl: string): boolean {
  const url = URL.parse(address);
  return url !== null && (url.origin === new URL(baseUrl).origin || isReachable(address, baseUrl));
}

function pauseOf429({ status, headers }: Answer): number | undefined {
  return status === 429 ? readRetryAfter(headers["retry-after"]) : undefined;
}

function refusedCall(platform: string, name: string, status: number, refusal: Refusal | undefined): DeliveryError {
  const { code, remedy, permanent } = refusal ?? { code: `HTTP ${status}`, permanent: !PASSING.includes(status) };
  const message = `${platform} refused ${name}: ${code}.${remedy === undefined ? "" : ` ${remedy}`}`;
  return new DeliveryError(message, { maybeSent: false, permanent, cause: code });
}

function toAnswer(status: number, headers: Readonly<Record<string, unknown>>, bytes: Uint8Array): Answer {
  let text: string | undefined;
  return {
    status,
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)])),
    bytes,
    get text() {
      text ??= Buffer.from(bytes).toString();
      return text;
    },
    get json() {
      try {
        return JSON.parse(this.text) as unknown;
      } catch {
        return undefined;
      }
    },
  };
}

// axios' own error holds the request with its headers: it must not become a cause that somebody prints.
function failure(what: {
  readonly platform: string;
  readonly name: string;
  readonly method: string;
  readonly error: unknown;
  readonly isTimeout: boolean;
  readonly maxBytes: number;
}): HobnobError {
  const { platform, name, error } = what;
  const code = error instanceof AxiosError ? (error.code ?? "") : "";
  if (code === AxiosError.ERR_BAD_RESPONSE && /maxContentLength/.test((error as AxiosError).message)) {
    const message = `${platform}'s answer to ${name} is larger than ${what.maxBytes} bytes.`;
    return new DeliveryError(message, { maybeSent: what.method !== "GET", permanent: true });
  }
  if (UNSENT.includes(code)) {
    return new DeliveryError(`${platform}'s ${name} was not sent: ${code}.`, { maybeSent: false, cause: code });
  }
  const why = what.isTimeout || code === "ECONNABORTED" ? "took too long" : `broke off (${code || "unknown"})`;
  return new DeliveryError(`${platform}'s ${name} ${why}; it may have been carried out.`, {
    maybeSent: what.method !== "GET",
    cause: code,
  });
}
