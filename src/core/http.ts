import type { WebhookRequest, WebhookResponse } from "./adapter.ts";
import type { HobnobError } from "./errors.ts";

/** An error as a short JSON answer, without a stack. */
export function jsonResponse(status: number, { code, message }: HobnobError): WebhookResponse {
  return {
    status,
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ error: { code, message } }),
  };
}

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

export function toRequest({ method, path, query, headers, body }: WebhookRequest): Request {
  const host = typeof headers.host === "string" ? headers.host : "localhost";
  const url = new URL(query === "" ? path : `${path}?${query}`, `http://${host}`);
  const copied = new Headers();
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) copied.set(name, typeof value === "string" ? value : value.join(", "));
  }
  const hasBody = method !== "GET" && method !== "HEAD";
  return new Request(url, { method, headers: copied, ...(hasBody ? { body: new Uint8Array(body) } : {}) });
}

export async function toWebhookResponse(response: Response): Promise<WebhookResponse> {
  return {
    status: response.status,
    headers: Object.fromEntries(response.headers),
    body: new Uint8Array(await response.arrayBuffer()),
  };
}

export function toResponse({ status, headers = {}, body }: WebhookResponse): Response {
  const bytes = typeof body === "string" ? body : body === undefined ? null : new Uint8Array(body);
  return new Response(status === 204 || status === 304 ? null : bytes, { status, headers: { ...headers } });
}
