import type { MiddlewareHandler } from "hono";

const BODY_LIMIT = 1_000_000;

/** The shape of every refusal. */
export function refusal(status: 400 | 403 | 404 | 413 | 415, code: string, message: string): Response {
  return Response.json({ error: { code, message } }, { status });
}

/** Lets nobody change anything but our own page and programs: a foreign web page in the same browser may not. */
export const guard: MiddlewareHandler = async ({ req }, next) => {
  if (req.method === "GET" || req.method === "HEAD") return next();
  const origin = req.header("origin");
  if (origin !== undefined && hostOf(origin) !== (req.header("host") ?? new URL(req.url).host)) {
    return refusal(403, "SANDBOX_ORIGIN", `A page of ${origin} may not use this sandbox. Open the sandbox's own page.`);
  }
  if (req.method === "POST" && !/^application\/json\b/i.test(req.header("content-type") ?? "")) {
    return refusal(415, "SANDBOX_CONTENT_TYPE", "Send JSON with the header `content-type: application/json`.");
  }
  return next();
};

/**
 * Answers at this machine's own names and at those of `urls` only: a foreign web page could have its own name point to this
 * machine, and would then be a page of the same origin.
 */
export function knownHosts(urls: () => readonly (string | undefined)[]): MiddlewareHandler {
  return async ({ req }, next) => {
    const host = URL.parse(`http://${req.header("host") ?? new URL(req.url).host}`)?.hostname ?? "";
    if (OWN_NAME.test(host) || urls().some((url) => url !== undefined && URL.parse(url)?.hostname === host))
      return next();
    return refusal(
      403,
      "SANDBOX_HOST",
      "The sandbox is not at home under this name. Use localhost, or set HOBNOB_URL.",
    );
  };
}

// An address is nobody's to point elsewhere.
const OWN_NAME = /^(?:localhost|[^.]+\.localhost|[\d.]+|\[[\da-f:.]+\])$/;

/** The JSON of a request; an empty body is an empty object. */
export async function readJson(
  request: Request,
): Promise<{ readonly value: unknown } | { readonly refused: Response }> {
  const tooLarge = () =>
    refusal(413, "SANDBOX_TOO_LARGE", `The body is larger than ${BODY_LIMIT} bytes, which is the limit.`);
  if (Number(request.headers.get("content-length") ?? 0) > BODY_LIMIT) return { refused: tooLarge() };
  const bytes: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request.body ?? []) {
    length += chunk.byteLength;
    if (length > BODY_LIMIT) return { refused: tooLarge() };
    bytes.push(chunk);
  }
  const text = Buffer.concat(bytes).toString();
  try {
    return { value: text.trim() === "" ? {} : JSON.parse(text) };
  } catch {
    return { refused: refusal(400, "SANDBOX_INPUT", "The body is not JSON.") };
  }
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}
