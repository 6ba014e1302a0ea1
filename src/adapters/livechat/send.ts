import { createHash } from "node:crypto";
import type { Conversation, OutgoingReply, SentMessage } from "../../core/index.ts";
import { notSent } from "../shared/failure.ts";
import { isFields } from "../shared/fields.ts";
import type { Connection } from "./connection.ts";
import type { AnswerNote } from "./message.ts";
import { renderReply } from "./render.ts";
import { uploadFiles } from "./upload.ts";

/** How long a whisper about the beginning of a chat is not whispered again for another message of that beginning. */
const OPENING_TTL = "1h";

/** Says it to everybody, or whispers it to the staff. */
export async function sendReply(by: Connection, to: Conversation, reply: OutgoingReply): Promise<SentMessage> {
  const { host, chats, api, sessions } = by;
  const { isWhisper = false, fromAgent = false } = noteOf(reply);
  const isForStaff = reply.visibility === "agents" || isWhisper || (reply.visibility === "author" && fromAgent);
  const openingKey = isForStaff ? openingKeyOf(to, reply) : undefined;
  const said = openingKey && (await host.store.get<string>(openingKey));
  if (said) return { id: said, conversation: to };
  const place = placeOf(to);
  const files = await sessions
    .asBot(place.account, ({ bot }) => uploadFiles(api, bot.token, reply.attachments))
    .catch((error: unknown) => {
      throw notSent(error);
    });
  const events = renderReply(reply, { files, visibility: isForStaff ? "agents" : "all" });
  const id = await (isForStaff ? chats.whisper(place, events) : chats.speak(place, events));
  // It is out: that this could not be noted must not have it sent again.
  if (openingKey) await noteOpening(by, openingKey, id).catch(() => {});
  return { id, conversation: to };
}

/** Keeps in mind that a reply about the beginning of a chat was whispered, for the other messages of that beginning. */
export async function rememberOpening(by: Connection, { id, conversation }: SentMessage, reply: OutgoingReply) {
  const key = openingKeyOf(conversation, reply);
  if (key !== undefined) await noteOpening(by, key, id);
}

export function placeOf({ account = "", id }: Conversation) {
  return { account, chat: id };
}

function noteOpening({ host }: Connection, key: string, id: string): Promise<void> {
  return host.store.set(key, id, { ttl: OPENING_TTL });
}

function noteOf({ replyTo }: OutgoingReply): AnswerNote {
  return isFields(replyTo) ? replyTo : {};
}

/** Several messages that a chat began with are one occasion: what is whispered about it is whispered once. */
function openingKeyOf({ account, id }: Conversation, reply: OutgoingReply): string | undefined {
  const { opening } = noteOf(reply);
  if (opening === undefined) return undefined;
  const digest = createHash("sha256").update(JSON.stringify([account, id, opening, reply.text]));
  return `opening:${digest.digest("base64url")}`;
}
