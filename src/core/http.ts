import type { WebhookRequest, WebhookResponse } from "./adapter.ts";
import { HobnobError } from "./errors.ts";

/** An error as a short JSON answer, without a stack. */
export function jsonResponse(status: number, { code, message }: HobnobError): WebhookResponse {
  return {
    status,
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ error: { code, message } }),
  };
}

// By fetch itself. https://fetch.spec.whatwg.org/#forbidden-method
const FORBIDDEN = ["CONNECT", "TRACE", "TRACK"];

export async function toWebhookRequest(request: Request): Promise<WebhookRequest> {
  const { host, pathname, search } = new URL(request.url);
  return {
    method: request.method,
    path: pathname,
    query: search.slice(1),
    // A `Request` made from a URL has no such header of its own, and some signatures are over the whole URL.
    headers: { host, ...Object.fromEntries(request.headers) },
    body: new Uint8Array(await request.arrayBuffer()),
  };
}

/** @throws HobnobError `WEBHOOK_INVALID` for what a `Request` cannot hold */
export function toRequest({ method, path, query, headers, body }: WebhookRequest): Request {
  const host = typeof headers.host === "string" ? headers.host : "localhost";
  const url = URL.parse(query === "" ? path : `${path}?${query}`, `http://${host}`);
  if (url === null || FORBIDDEN.includes(method)) {
    throw new HobnobError("WEBHOOK_INVALID", "This request cannot be read: its host or its method is not valid.");
  }
  const copied = new Headers();
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) copied.set(name, typeof value === "string" ? value : value.join(", "));
  }
  const hasBody = method !== "GET" && method !== "HEAD";
  return new Request(url, { method, headers: copied, ...(hasBody ? { body: new Uint8Array(body) } : {}) });
}

// Of one connection, or of a body that was another: an answer that is passed on has those of its own.
const HOP_HEADERS =
  /^(?:connection|keep-alive|transfer-encoding|content-length|content-encoding|date|upgrade|trailer)$/;

export async function toWebhookResponse(response: Response): Promise<WebhookResponse> {
  const headers: Record<string, string | readonly string[]> = {};
  for (const [name, value] of response.headers) if (!HOP_HEADERS.test(name)) headers[name] = value;
  const cookies = response.headers.getSetCookie();
  if (cookies.length > 0) headers["set-cookie"] = cookies;
  return { status: response.status, headers, body: new Uint8Array(await response.arrayBuffer()) };
}

export function toResponse({ status, headers = {}, body }: WebhookResponse): Response {
  const bytes = typeof body === "string" ? body : body === undefined ? null : new Uint8Array(body);
  const copied = new Headers();
  for (const [name, value] of Object.entries(headers)) {
    for (const one of typeof value === "string" ? [value] : value) copied.append(name, one);
  }
  return new Response(status === 204 || status === 304 ? null : bytes, { status, headers: copied });
}
