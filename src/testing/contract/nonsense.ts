import type { WebhookRequest } from "../../core/index.ts";
import type { PlatformUnderTest, UnsignedRequest } from "./subject.ts";

const FORM = "application/x-www-form-urlencoded";
const FIVE_MB = 5_000_000;

/** Requests that are signed, and make no sense. */
export function nonsense({ sign, adapter }: PlatformUnderTest): readonly (readonly [string, WebhookRequest])[] {
  const bodies: readonly (readonly [string, UnsignedRequest])[] = [
    ["an empty body", { body: "" }],
    ["an empty object", { body: "{}" }],
    ["an empty form", { body: "", contentType: FORM }],
    ["a text", { body: "hello", contentType: "text/plain" }],
    ["five megabytes", { body: JSON.stringify({ text: "x".repeat(FIVE_MB) }) }],
    ["five megabytes of form", { body: `text=${"x".repeat(FIVE_MB)}`, contentType: FORM }],
    ["bytes that are no UTF-8", { body: Uint8Array.of(0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d) }],
    ["a form that is no UTF-8", { body: Uint8Array.of(0x61, 0x3d, 0xff, 0xfe), contentType: FORM }],
    ["a list", { body: "[]" }],
    ["null", { body: "null" }],
    ["a number", { body: "1" }],
    ["a broken object", { body: '{"type":' }],
    ["100,000 levels", { body: `{"event":${"[".repeat(100_000)}${"]".repeat(100_000)}}` }],
    ["a field called __proto__", { body: '{"__proto__":{"type":"message","event":{"type":"message"}}}' }],
    ["a form with __proto__ and constructor", { body: "__proto__=1&constructor=2&toString=3", contentType: FORM }],
    ["a form as JSON", { body: "text=hello" }],
    ["JSON as a form", { body: '{"text":"hello"}', contentType: FORM }],
    ["an unknown content type", { body: "{}", contentType: "application/x-unknown; charset=klingon" }],
  ];
  const empty = sign({ body: "" });
  const path = adapter.paths[0] ?? "/";
  return [
    ...bodies.map(([what, request]) => [what, sign(request)] as const),
    ["a GET", { ...empty, method: "GET" }],
    ["a DELETE", { ...empty, method: "DELETE" }],
    ["a request without headers", { method: "POST", path, query: "", headers: {}, body: new Uint8Array() }],
    ["headers that came twice", { ...empty, headers: doubled(empty.headers) }],
    ["a broken query", { ...empty, query: "a=%zz&&=&crc_token=%" }],
  ];
}

const doubled = (headers: WebhookRequest["headers"]): WebhookRequest["headers"] =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value ?? "", value ?? ""].flat()]));

const ODD: readonly unknown[] = [null, -1, "", "__proto__", [], {}, [null], true];

/** A fixture with one wrong field at a time: for JSON in every place, for a form each field empty, absent, and twice. */
export function mutations({
  body,
  contentType = "application/json",
}: UnsignedRequest): readonly (readonly [string, UnsignedRequest])[] {
  const text = typeof body === "string" ? body : new TextDecoder().decode(body);
  return contentType.startsWith(FORM) ? formMutations(text, contentType) : jsonMutations(text, contentType);
}

function* placesOf(value: unknown, trail: readonly string[] = []): Generator<readonly string[]> {
  if (typeof value !== "object" || value === null) return;
  for (const [key, field] of Object.entries(value)) {
    yield [...trail, key];
    yield* placesOf(field, [...trail, key]);
  }
}

function jsonMutations(text: string, contentType: string): [string, UnsignedRequest][] {
  const places = [...placesOf(JSON.parse(text))];
  return places.map((place, index) => {
    const odd = ODD[index % ODD.length];
    const copy: unknown = JSON.parse(text);
    let at = copy as Record<string, unknown>;
    for (const key of place.slice(0, -1)) at = at[key] as Record<string, unknown>;
    at[place.at(-1)!] = odd;
    return [`\`${place.join(".")}\` as ${JSON.stringify(odd)}`, { body: JSON.stringify(copy), contentType }];
  });
}

function formMutations(text: string, contentType: string): [string, UnsignedRequest][] {
  return [...new Set(new URLSearchParams(text).keys())].flatMap((name) => {
    const change = (act: (form: URLSearchParams) => void): UnsignedRequest => {
      const form = new URLSearchParams(text);
      act(form);
      return { body: form.toString(), contentType };
    };
    return [
      [`no \`${name}\``, change((form) => form.delete(name))],
      [`an empty \`${name}\``, change((form) => form.set(name, ""))],
      [`\`${name}\` as nonsense`, change((form) => form.set(name, "__proto__"))],
      [`\`${name}\` twice`, change((form) => form.append(name, "twice"))],
    ];
  });
}
