// pigeon.ts
import type { Adapter, AdapterHost, Message, OutgoingReply } from "hobnob";
import {
  assertStarted,
  createClient,
  isFields,
  isSame,
  malformed,
  missingOf,
  notStarted,
  notTaken,
  readJson,
  readString,
  readText,
  refusal,
  unless,
} from "hobnob/adapters/shared";

/** Pigeon Post: messages come in by webhook with a shared secret, replies go out over HTTP. */
export function pigeon({ url = "", secret = "" }: { readonly url?: string; readonly secret?: string }): Adapter {
  let host: AdapterHost | undefined;
  // In a fleet another process may have this one's jobs by now.
  const maySend = () => host?.maySend?.() ?? true;
  // Failures come out as core wants them: a pause to keep, a refusal, or nobody knows.
  const client = createClient({ platform: "Pigeon Post", baseUrl: url, timeout: 2_000, maySend });

  async function call(method: "GET" | "POST", path: string, post?: object): Promise<string> {
    assertStarted("pigeon", host);
    const { json } = await client.call({
      name: "posts",
      method,
      url: path,
      json: post,
      headers: { "x-secret": secret },
    });
    return isFields(json) ? readString(json, "id") : "";
  }

  return {
    name: "pigeon",
    platform: "pigeon",
    limits: { textLength: 500, ackSeconds: 5, inlineAck: false },
    paths: ["/pigeon"],
    missing: missingOf("pigeon", { URL: url, SECRET: secret }),

    async start(given) {
      host = given;
    },
    async send(to, reply) {
      const post = { room: to.id, text: renderText(reply), ref: reply.ref };
      return { id: await call("POST", "posts", post), conversation: to };
    },
    async webhook(request) {
      if (host === undefined) return notStarted("pigeon");
      if (request.method !== "POST") return refusal(405, "METHOD_NOT_ALLOWED", "Pigeon Post sends POST.");
      if (!isSame(request.headers["x-secret"], secret)) return refusal(401, "SIGNATURE_INVALID", "Another secret.");
      try {
        const { event } = await host.receive(parseMessage(readText(request)));
        return { status: 200, acknowledges: event };
      } catch (error) {
        return notTaken(error, { adapter: "pigeon", log: host.log });
      }
    },
    async stop() {
      client.close();
      host = undefined;
    },
    async find(to, { ref }) {
      const id = await unless("HTTP 404", () => call("GET", `posts/${encodeURIComponent(ref)}`));
      return id === undefined ? undefined : { id, conversation: to };
    },
  };
}

function parseMessage(body: string): Message {
  const sent = readJson(body);
  const [id, room, from] = [readString(sent, "id"), readString(sent, "room"), readString(sent, "from")];
  if (typeof sent.at !== "number" || !(Math.abs(sent.at) < 8.64e15)) throw malformed("`at` is not a time");
  return {
    kind: "message",
    id,
    conversation: { adapter: "pigeon", id: room, isDirect: true },
    author: { id: from, name: from, isBot: from === "bot", isSelf: from === "bot" },
    text: readString(sent, "text"),
    isMention: true,
    attachments: [],
    sentAt: new Date(sent.at).toISOString(),
  };
}

/** Pigeons carry text only. */
function renderText({ text, attachments, buttons }: OutgoingReply): string {
  const files = attachments.map(({ name, url }) => url ?? name);
  return [text, ...files, ...buttons.map(({ label, url }) => (url ? `${label}: ${url}` : label))].join("\n").trim();
}
