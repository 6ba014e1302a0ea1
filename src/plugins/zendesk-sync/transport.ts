import { RateLimitError } from "../../core/index.ts";
import { isObject, refused, ZENDESK, ZendeskError } from "./failure.ts";

/** A call over HTTP. */
export interface Call {
  /** For messages. @default "Zendesk" */
  readonly service?: string;
  /** For messages: `POST tickets`. */
  readonly name: string;
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array | undefined;
  /** Milliseconds. */
  readonly timeout: number;
  readonly signal?: AbortSignal | undefined;
}

/** An answer below 400. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly json: unknown;
}

// The connection was never made, so the call cannot have arrived.
const UNSENT = ["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH"];

/** Makes one call. @throws RateLimitError, ZendeskError without texts or tokens */
export async function call(given: Call): Promise<Answer> {
  const { response, bytes } = await exchange(given, readAll);
  const wait = Number(response.headers.get("retry-after") ?? Number.NaN);
  if (response.status === 429 || (response.status === 503 && wait > 0)) {
    throw new RateLimitError(`${given.service ?? ZENDESK} takes no more calls for now (${given.name}).`, {
      retryAfter: (wait > 0 ? wait : 1) * 1000,
      scope: "account",
    });
  }
  const json = asJson(bytes);
  if (response.status >= 400) throw refused(given, response.status, json);
  return { status: response.status, headers: response.headers, json };
}

/** The bytes of a file. @throws ZendeskError permanent when there are more than `maxBytes` */
export async function download(given: Call, maxBytes: number): Promise<Uint8Array> {
  const { response, bytes } = await exchange(given, (body) => readUpTo(body, maxBytes, given.name));
  if (response.status >= 400) throw refused(given, response.status, undefined);
  return bytes;
}

async function exchange(
  { service = ZENDESK, name, url, method, headers, body, timeout, signal }: Call,
  read: (response: Response) => Promise<Uint8Array>,
): Promise<{ readonly response: Response; readonly bytes: Uint8Array }> {
  const limit = AbortSignal.timeout(timeout);
  try {
    const response = await fetch(url, {
      method,
      headers,
      ...(body !== undefined && { body: typeof body === "string" ? body : Buffer.from(body) }),
      signal: signal === undefined ? limit : AbortSignal.any([limit, signal]),
    });
    return { response, bytes: await read(response) };
  } catch (error) {
    if (error instanceof ZendeskError) throw error;
    const code = codeOf(error);
    if (UNSENT.includes(code)) {
      throw new ZendeskError(`${service} could not be reached for ${name}: ${code}.`, { status: 0, maybeSent: false });
    }
    const why = limit.aborted ? "took too long" : "broke off";
    const maybeSent = method !== "GET";
    throw new ZendeskError(`${service}'s answer to ${name} ${why}.`, { status: 0, maybeSent });
  }
}

const readAll = async (response: Response) => new Uint8Array(await response.arrayBuffer());

async function readUpTo(response: Response, maxBytes: number, name: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > maxBytes) {
      const message = `Zendesk's ${name} is larger than ${maxBytes} bytes.`;
      throw new ZendeskError(message, { status: 413, maybeSent: false, permanent: true });
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function asJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

// fetch says "fetch failed"; the reason is its cause.
function codeOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  const code = isObject(cause) || cause instanceof Error ? (cause as { readonly code?: unknown }).code : undefined;
  return typeof code === "string" ? code : "";
}
