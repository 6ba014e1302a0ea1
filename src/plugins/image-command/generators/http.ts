import { errorCode, fill, HobnobError, RateLimitError } from "../../../core/index.ts";
import { fillAll } from "../fill.ts";
import { tooLarge } from "../png.ts";
import type { Generator } from "./generator.ts";

/** Where pictures are asked for, and with what. */
export interface HttpOptions {
  readonly baseUrl: string;
  readonly apiKey?: string | undefined;
  readonly model?: string | undefined;
  readonly prompt: string;
  readonly size: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

const USUAL_PAUSE_MS = 30_000;
const PASSING = [408, 409, 423, 425];

/**
 * Asks a service that speaks OpenAI's images API, which many that run on one's own machine do too.
 * https://platform.openai.com/docs/api-reference/images/create
 */
export function http(options: HttpOptions, { maxBytes }: { readonly maxBytes: number }): Generator {
  const { baseUrl, apiKey, model, prompt, size, fields } = options;
  const url = `${baseUrl.replace(/\/+$/, "")}/images/generations`;

  return {
    async draw({ seed, truncation, signal }) {
      const values = { seed, truncation };
      const response = await call(url, {
        method: "POST",
        headers: { "content-type": "application/json", ...(apiKey && { authorization: `Bearer ${apiKey}` }) },
        body: JSON.stringify({
          ...(model && { model }),
          ...{ prompt: fill(prompt, values), n: 1, size },
          ...fillAll(fields, values),
        }),
        signal,
      });
      // Base64 is a third longer, and a description may stand beside it.
      const answer = await readAtMost(response, { most: maxBytes * 1.4 + 100_000, maxBytes, signal });
      const { b64_json: data, url: address } = firstOf(answer);
      if (typeof data === "string") return Buffer.from(data, "base64");
      if (typeof address !== "string" || !/^https?:\/\//i.test(address)) throw failed("answered without a picture");
      // Without the key: the picture may lie at somebody else's.
      return readAtMost(await call(address, { signal }), { most: maxBytes, maxBytes, signal });
    },
  };
}

async function call(url: string, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, init);
  } catch (error) {
    init.signal?.throwIfAborted();
    throw failed(`cannot be reached: ${reasonOf(error)}`);
  }
  if (response.ok) return response;
  // What it says may hold the prompt: nobody needs it in a log.
  await response.body?.cancel();
  throw refused(response);
}

function refused({ status, headers }: Response): HobnobError {
  if (status === 429) {
    const seconds = Number(headers.get("retry-after") ?? Number.NaN);
    const retryAfter = Number.isFinite(seconds) ? Math.max(1, seconds) * 1000 : USUAL_PAUSE_MS;
    return new RateLimitError("The image service takes no more for now.", { retryAfter });
  }
  const hint =
    status === 401 || status === 403
      ? " Check `generator.apiKey`."
      : status === 404
        ? " Check `generator.baseUrl` and `generator.model`."
        : "";
  const isFinal = status >= 400 && status < 500 && !PASSING.includes(status);
  return failed(`answered HTTP ${status}`, { hint, permanent: isFinal });
}

function failed(what: string, { hint = "", permanent = false } = {}): HobnobError {
  return new HobnobError("IMAGE_FAILED", `The image service ${what}.${hint}`, { permanent });
}

interface Reading {
  readonly most: number;
  /** What a picture may have, for the message. */
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

async function readAtMost({ body }: Response, { most, maxBytes, signal }: Reading): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const part of body ?? []) {
      size += part.length;
      if (size > most) throw tooLarge(maxBytes);
      parts.push(part);
    }
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof HobnobError) throw error;
    throw failed(`broke off in the middle: ${reasonOf(error)}`);
  }
  return Buffer.concat(parts);
}

// What fetch itself says is "fetch failed" or "terminated"; the reason is its cause.
function reasonOf(error: unknown): string {
  return errorCode(error instanceof TypeError && error.cause !== undefined ? error.cause : error);
}

function firstOf(answer: Buffer): { readonly b64_json?: unknown; readonly url?: unknown } {
  let parsed: unknown;
  try {
    parsed = JSON.parse(answer.toString("utf8"));
  } catch {
    throw failed("did not answer with JSON");
  }
  const { data } = (parsed ?? {}) as { readonly data?: unknown };
  const first: unknown = Array.isArray(data) ? data[0] : undefined;
  return typeof first === "object" && first !== null ? first : {};
}
