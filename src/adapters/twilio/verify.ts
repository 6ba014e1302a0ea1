import { createHash } from "node:crypto";
import { parse, stringify } from "node:querystring";
import type { WebhookRequest } from "../../core/index.ts";
import { contentType, readForm, readJson, readText } from "../shared/body.ts";
import { type Fields, malformed } from "../shared/fields.ts";
import { hmac, isSame } from "../shared/signature.ts";

const NO_FIELDS: Fields = {};

/**
 * Reads the fields of requests that Twilio has signed. https://www.twilio.com/docs/usage/security
 *
 * @param address the URL as Twilio knows it: what the request itself claims to be called may have passed a proxy
 * @returns the fields, or undefined when no token has signed this
 * @throws HobnobError `WEBHOOK_INVALID` for a body that cannot be read
 */
export function createVerifier(
  address: string,
  tokens: readonly string[],
): (request: WebhookRequest) => Fields | undefined {
  const addresses = addressVariants(address);

  function isSigned({ headers, query }: WebhookRequest, form: Fields): boolean {
    const given = headers["x-twilio-signature"];
    return tokens.some((token) => addresses(query).some((url) => isSame(given, signature(token, url, form))));
  }

  return (request) => {
    if (request.method === "GET") return isSigned(request, NO_FIELDS) ? readForm(request.query) : undefined;
    if (contentType(request) === "application/x-www-form-urlencoded") {
      const form = readForm(readText(request));
      return isSigned(request, form) ? form : undefined;
    }
    // Any other body is signed by its hash in the query.
    const { bodySHA256 } = readForm(request.query);
    const hash = createHash("sha256").update(request.body).digest("hex");
    if (!isSigned(request, NO_FIELDS) || !isSame(bodySHA256, hash)) return undefined;
    if (contentType(request) !== "application/json") throw malformed("the body is neither a form nor JSON");
    return readJson(readText(request));
  };
}

/** The signature over a URL and the fields of a form; of a name that comes twice each value once. */
export function signature(token: string, url: string, form: Fields): string {
  const parts = Object.keys(form)
    .sort()
    .flatMap((name) => valuesOf(form[name]).map((value) => name + value));
  return hmac("sha1", { key: token, encoding: "base64" }, url, ...parts);
}

function valuesOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? [...new Set(value.map(String))].sort() : [String(value)];
}

/** All the ways in which Twilio may have written an address when it signed: with and without port, query as it came or encoded anew. */
function addressVariants(address: string): (query: string) => readonly string[] {
  const { protocol, username, password, hostname, port, pathname, search } = new URL(address);
  const users = username === "" ? [""] : [`${username}${password && ":"}${password}@`, ""];
  const ports = ["", `:${port || (protocol === "https:" ? 443 : 80)}`];
  const bases = users.flatMap((user) => ports.map((at) => `${protocol}//${user}${hostname}${at}${pathname}`));
  return (received) => {
    const query = received || search.slice(1);
    if (query === "") return bases;
    const queries = new Set([query, stringify(parse(query))]);
    return bases.flatMap((base) => Array.from(queries, (each) => `${base}?${each}`));
  };
}
