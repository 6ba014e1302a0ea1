import {
  type Conversation,
  DeliveryError,
  errorCode,
  type Log,
  type OutgoingReply,
  type SentMessage,
  type Store,
} from "../../core/index.ts";
import { type Fields, isFields } from "../shared/fields.ts";
import { createSaid } from "../shared/said.ts";
import type { Api } from "./client.ts";
import type { Consent } from "./consent.ts";
import { MEDIA_REFUSED, meaningOf, OPTED_OUT } from "./failure.ts";
import type { Media } from "./media.ts";
import { type Post, renderPost, type SharedFile } from "./render.ts";

/** Says things, and finds out whether they were said. */
export interface Sender {
  send(to: Conversation, reply: OutgoingReply): Promise<SentMessage>;
  find(to: Conversation, reply: OutgoingReply): Promise<SentMessage | undefined | "unknown">;
}

export interface SenderOptions {
  readonly adapter: string;
  readonly api: Api;
  readonly store: Store;
  readonly log: Log;
  readonly consent: Consent;
  readonly media: Media;
  /** Who speaks where nobody spoke first. */
  readonly from: string;
  /** Where Twilio tells what became of a message; undefined when it cannot call us. */
  readonly statusUrl: string | undefined;
}

const REMEMBERED = "7d";
// Twilio's clock and ours are not the same.
const CLOCK_MARGIN = 600_000;
const TRIAL = "Sent from your Twilio trial account - ";

export function createSender(options: SenderOptions): Sender {
  const { adapter, api, store, log, consent, media, statusUrl } = options;
  const said = createSaid({ adapter, store, log });
  const senderOf = ({ account }: Conversation) => account || options.from;

  // It has been sent: what goes wrong now must not make it look as if it had not.
  async function remember(key: string, value: string): Promise<void> {
    try {
      await store.set(key, value, { ttl: REMEMBERED });
    } catch (error) {
      log.warn({ adapter, code: errorCode(error) }, "a message was sent, but could not be remembered");
    }
  }

  async function post(to: Conversation, reply: OutgoingReply, files: readonly SharedFile[]): Promise<SentMessage> {
    const { bodies, media: urls } = renderPost(to, reply, files);
    for (const [at, body] of bodies.slice(0, -1).entries()) {
      const part = partOf(reply, at);
      if ((await store.get(part)) !== undefined) continue;
      const id = await api.create(formOf(to, { body, urls: [] }));
      await said.note(id, part);
      await remember(part, id);
    }
    const id = await api.create(formOf(to, { body: bodies.at(-1)!, urls, native: reply.native }));
    await said.note(id, reply.ref);
    return { id, conversation: to };
  }

  function formOf(
    to: Conversation,
    { body, urls, native }: { readonly body: string; readonly urls: readonly string[]; readonly native?: unknown },
  ): URLSearchParams {
    const form = new URLSearchParams(nativeFields(native));
    // A template has its own text.
    if (!form.has("ContentSid")) {
      if (body !== "") form.set("Body", body);
      for (const url of urls) form.append("MediaUrl", url);
    }
    form.set("To", to.id);
    const sender = senderOf(to);
    form.set(isService(sender) ? "MessagingServiceSid" : "From", sender);
    if (statusUrl !== undefined) form.set("StatusCallback", statusUrl);
    return form;
  }

  return {
    async send(to, reply) {
      const sender = senderOf(to);
      if (await consent.isOut(sender, to.id)) throw optedOut();
      const files = await media.share(to, reply);
      try {
        return await post(to, reply, files);
      } catch (error) {
        const code = error instanceof DeliveryError && !error.maybeSent ? String(error.cause) : "";
        if (code === String(OPTED_OUT)) await consent.optOut(sender, to.id);
        if (!MEDIA_REFUSED.includes(code) || !files.some(({ isMedia }) => isMedia)) throw error;
        // The text must not be lost for the sake of a picture.
        return post(to, reply, files.map(asLink));
      }
    },

    async find(to, reply) {
      // The list of messages does not name templates.
      if (nativeFields(reply.native).ContentSid !== undefined) return "unknown";
      const files = await media.share(to, reply);
      const posts = [renderPost(to, reply, files), renderPost(to, reply, files.map(asLink))];
      const sender = senderOf(to);
      const alike: string[] = [];
      const parts = posts[0]!.bodies.slice(0, -1).map((body) => ({ body, alike: [] as string[] }));
      let isCut = false;
      const all = api.messages({ To: to.id, ...(!isService(sender) && { From: sender }) }, () => {
        isCut = true;
      });
      // Not filtered by DateSent: what waits at Twilio has none yet.
      for await (const message of all) {
        if (Date.parse(String(message.date_created)) < reply.since - CLOCK_MARGIN) break;
        if (typeof message.sid !== "string") continue;
        if (posts.some((each) => isPost(message, each))) alike.unshift(message.sid);
        for (const part of parts) {
          if (isPost(message, { bodies: [part.body], media: [] })) part.alike.unshift(message.sid);
        }
      }
      // What is there of a long one is not said again.
      for (const [at, part] of parts.entries()) {
        const found = await said.claim(part.alike, partOf(reply, at));
        if (found !== undefined) await remember(partOf(reply, at), found);
      }
      // The same text may have been said before; every message that is certain is remembered under its reply's name.
      const id = await said.claim(alike, reply.ref);
      if (id !== undefined) return { id, conversation: to };
      return isCut ? "unknown" : undefined;
    },
  };
}

/** Names all but the last of the messages that carry a reply. */
function partOf({ ref }: OutgoingReply, at: number): string {
  return `part:${ref}:${at}`;
}

function isService(sender: string): boolean {
  return sender.startsWith("MG");
}

function asLink(file: SharedFile): SharedFile {
  return { ...file, isMedia: false };
}

function isPost({ direction, body, num_media }: Fields, { bodies, media }: Post): boolean {
  const text = bodies.at(-1)!;
  return direction === "outbound-api" && (body === text || body === TRIAL + text) && Number(num_media) === media.length;
}

/** Fields of the Messages API that a plugin gives by itself, for example `{ ContentSid, ContentVariables }` of a template. */
function nativeFields(native: unknown): Readonly<Record<string, string>> {
  if (!isFields(native)) return {};
  return Object.fromEntries(
    Object.entries(native).map(([name, value]) => [name, typeof value === "string" ? value : JSON.stringify(value)]),
  );
}

function optedOut(): DeliveryError {
  return new DeliveryError(`Nothing is sent to somebody who has opted out. ${meaningOf(OPTED_OUT)!.remedy}`, {
    maybeSent: false,
    permanent: true,
    cause: String(OPTED_OUT),
  });
}
