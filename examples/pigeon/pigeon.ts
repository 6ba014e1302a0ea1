// pigeon.ts
import { createHash, timingSafeEqual } from "node:crypto";
import {
  type Adapter,
  type AdapterHost,
  DeliveryError,
  HobnobError,
  type Message,
  type OutgoingReply,
  RateLimitError,
} from "hobnob";

/** Pigeon Post: messages come in by webhook with a shared secret, replies go out over HTTP. */
export function pigeon({ url = "", secret = "" }: { readonly url?: string; readonly secret?: string }): Adapter {
  let host: AdapterHost | undefined;

  async function call(path: string, body?: object): Promise<{ readonly id: string } | undefined> {
    if (host === undefined) throw new HobnobError("ADAPTER_NOT_STARTED", "The adapter `pigeon` is not started.");
    const init = { method: body ? "POST" : "GET", headers: { "x-secret": secret }, signal: AbortSignal.timeout(500) };
    const unsure = () => new DeliveryError("Pigeon Post did not say whether it took the post.", { maybeSent: true });
    const response = await fetch(url + path, body ? { ...init, body: JSON.stringify(body) } : init).catch(() => {
      throw unsure();
    });
    if (response.status === 429) throw new RateLimitError("Pigeon Post wants a pause.", { retryAfter: 1000 });
    if (response.status === 404) return undefined;
    if (response.status >= 500) throw unsure();
    if (!response.ok)
      throw new DeliveryError(`Pigeon Post: ${response.status}.`, { maybeSent: false, permanent: true });
    return (await response.json()) as { id: string };
  }

  return {
    name: "pigeon",
    platform: "pigeon",
    limits: { textLength: 500, ackSeconds: 5, inlineAck: false },
    paths: ["/pigeon"],
    missing: [...(url === "" ? ["PIGEON_URL"] : []), ...(secret === "" ? ["PIGEON_SECRET"] : [])],

    async start(given) {
      host = given;
    },
    async send(to, reply) {
      const post = { room: to.id, text: renderText(reply), ref: reply.ref };
      return { id: (await call("/posts", post))!.id, conversation: to };
    },
    async webhook({ method, headers, body }) {
      if (host === undefined) return { status: 503 };
      if (method !== "POST") return { status: 405 };
      if (!isSame(headers["x-secret"], secret)) return { status: 401 };
      const message = parseMessage(body);
      if (message === undefined) return { status: 400 };
      return host.receive(message).then(
        ({ event }) => ({ status: 200, acknowledges: event }),
        () => ({ status: 503 }),
      );
    },
    async stop() {
      host = undefined;
    },
    async find(to, { ref }) {
      const post = await call(`/posts/${encodeURIComponent(ref)}`);
      return post && { id: post.id, conversation: to };
    },
  };
}

/** Undefined for what is not a message. */
function parseMessage(body: Uint8Array): Message | undefined {
  let sent: Record<string, unknown>;
  try {
    sent = { ...JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body)) };
  } catch {
    return undefined;
  }
  const { id, room, from, text, at } = sent;
  if (typeof id !== "string" || typeof room !== "string" || typeof from !== "string") return undefined;
  if (typeof text !== "string" || typeof at !== "number" || !(Math.abs(at) < 8.64e15)) return undefined;
  return {
    kind: "message",
    id,
    conversation: { adapter: "pigeon", id: room, isDirect: true },
    author: { id: from, name: from, isBot: from === "bot", isSelf: from === "bot" },
    text,
    isMention: true,
    attachments: [],
    sentAt: new Date(at).toISOString(),
  };
}

/** Pigeons carry text only. */
function renderText({ text, attachments, buttons }: OutgoingReply): string {
  const files = attachments.map(({ name, url }) => url ?? name);
  return [text, ...files, ...buttons.map(({ label, url }) => (url ? `${label}: ${url}` : label))].join("\n").trim();
}

/** Takes as long for a near miss as for a far one. */
function isSame(given: unknown, wanted: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return typeof given === "string" && timingSafeEqual(digest(given), digest(wanted));
}
