import { createHmac } from "node:crypto";

/** The signature of an event, and of the answer to a challenge. https://docs.x.com/x-api/webhooks/introduction */
export function signEvent(secret: string, body: string): string {
  return `sha256=${createHmac("sha256", secret).update(body).digest("base64")}`;
}

/** A request as OAuth 1.0a signs it. */
export interface SignedRequest {
  readonly method: string;
  /** Without the query. */
  readonly url: string;
  /** Of the query, of a form, and of the header but its signature. */
  readonly parameters: readonly (readonly [string, string])[];
}

/** HMAC-SHA1 of a request. https://docs.x.com/fundamentals/authentication/oauth-1-0a/creating-a-signature */
export function signRequest(request: SignedRequest, secrets: { readonly app: string; readonly token: string }): string {
  const pairs = request.parameters.map(([name, value]) => [percentEncode(name), percentEncode(value)] as const);
  const sorted = pairs.toSorted(([a, x], [b, y]) => (a === b ? compare(x, y) : compare(a, b)));
  const parameters = sorted.map((pair) => pair.join("=")).join("&");
  const base = [request.method.toUpperCase(), request.url, parameters].map(percentEncode).join("&");
  const key = `${percentEncode(secrets.app)}&${percentEncode(secrets.token)}`;
  return createHmac("sha1", key).update(base).digest("base64");
}

/** The parameters of an `OAuth` Authorization header; undefined for another one. */
export function readOAuthHeader(header: string): ReadonlyMap<string, string> | undefined {
  if (!/^OAuth\s/i.test(header)) return undefined;
  const pairs = header.slice("OAuth".length).matchAll(/([\w.~-]+)="([^"]*)"/g);
  try {
    return new Map(Array.from(pairs, ([, name, value]) => [name!, decodeURIComponent(value!)]));
  } catch {
    return undefined;
  }
}

function percentEncode(text: string): string {
  return encodeURIComponent(text).replace(/[!*'()]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
