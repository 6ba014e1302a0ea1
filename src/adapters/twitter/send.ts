import type { AdapterHost, Conversation, OutgoingReply, SentMessage } from "../../core/index.ts";
import { DeliveryError, errorMessage } from "../../core/index.ts";
import { isFields } from "../shared/fields.ts";
import type { Said } from "../shared/said.ts";
import type { Chain } from "./chain.ts";
import type { Client } from "./client.ts";
import { DUPLICATE, NOT_SUMMONED } from "./failure.ts";
import { findAlike } from "./find.ts";
import { type Part, renderParts } from "./render.ts";
import { uploadFile } from "./upload.ts";

/** What sending needs. */
export interface Sender {
  readonly client: Client;
  readonly host: AdapterHost;
  readonly self: string;
  readonly chain: Chain;
  readonly said: Said;
  readonly madeWithAi: boolean;
}

/** Posts an answer, or sends it as a direct message where X lets the bot write that only. */
export async function sendReply(sender: Sender, to: Conversation, reply: OutgoingReply): Promise<SentMessage> {
  try {
    return await sendParts(sender, to, reply);
  } catch (error) {
    // Only who has just written to the bot gets a direct message: nobody else asked for one.
    const mayWrite = !to.isDirect && reply.replyTo !== undefined;
    if (!mayWrite || !isRefusal(error, NOT_SUMMONED)) throw error;
    const { log } = sender.host;
    log.info({ adapter: to.adapter, post: to.thread }, "X refuses the public answer; it goes as a direct message");
    return sendParts(sender, directOf(to), reply);
  }
}

/** The posts of an earlier attempt, when all of them are there; `unknown` when one may stand where X was not read so far back. */
export async function findReply(
  sender: Sender,
  to: Conversation,
  reply: OutgoingReply,
): Promise<SentMessage | undefined | "unknown"> {
  let isCut = false;
  const places = to.isDirect || reply.replyTo === undefined ? [to] : [to, directOf(to)];
  for (const place of places) {
    const ids: string[] = [];
    const parts = renderParts(place, reply);
    for (const part of parts) {
      const found = await lookUp(sender, { to: place, part, reply, taken: ids });
      isCut ||= found.isCut;
      if (found.id === undefined) break;
      ids.push(found.id);
    }
    if (ids.length === parts.length) return { id: ids.at(-1)!, conversation: place };
  }
  return isCut ? "unknown" : undefined;
}

async function sendParts(sender: Sender, to: Conversation, reply: OutgoingReply): Promise<SentMessage> {
  const parts = renderParts(to, reply);
  const [only] = parts;
  if (parts.length === 1)
    return { id: await sendPart(sender, { to, part: only!, reply, taken: [] }), conversation: to };
  // Several calls for one step: what got through is written down, so that the rest can be made up for.
  const { store } = sender.host;
  const key = `sent:${to.isDirect ? "direct" : "post"}:${reply.ref}`;
  const begun = await store.get<readonly string[]>(key);
  const ids = [...(begun ?? [])];
  if (begun === undefined) await store.set(key, ids, { ttl: KEPT });
  for (const part of parts.slice(ids.length)) {
    const isInDoubt = begun !== undefined && ids.length === begun.length;
    const sending = { to, part, reply, taken: ids };
    const found = isInDoubt ? await lookUp(sender, sending) : undefined;
    ids.push(found?.id ?? (await sendPart(sender, sending)));
    await store.set(key, ids, { ttl: KEPT });
  }
  return { id: ids.at(-1)!, conversation: to };
}

const KEPT = "3d";

interface Sending {
  readonly to: Conversation;
  readonly part: Part;
  readonly reply: OutgoingReply;
  readonly taken: readonly string[];
}

async function sendPart(sender: Sender, sending: Sending): Promise<string> {
  const { to, part, reply } = sending;
  const media = await uploadAll(sender, to, part);
  try {
    const id = await (to.isDirect ? sendDirect : post)(sender, { to, text: part.text, media });
    await sender.said.note(id, reply.ref);
    return id;
  } catch (error) {
    if (!isRefusal(error, DUPLICATE)) throw error;
    // The very text is there already: most likely this reply, by a call whose answer was lost.
    const { id } = await lookUp(sender, sending);
    if (id === undefined) throw error;
    return id;
  }
}

async function lookUp(
  { client, self, chain, said }: Sender,
  { to, part, reply, taken }: Sending,
): Promise<{ readonly id: string | undefined; readonly isCut: boolean }> {
  const { thread } = to;
  const parents = thread === undefined ? [undefined] : [thread, await chain.end(thread)];
  const { ids, isCut } = await findAlike(client, self, { to, part, since: reply.since, taken, parents });
  const id = await said.claim(ids, reply.ref);
  if (id !== undefined && thread !== undefined) await chain.add(thread, id);
  return { id, isCut };
}

interface Outgoing {
  readonly to: Conversation;
  readonly text: string;
  /** Ids of uploads. */
  readonly media: readonly string[];
}

/** https://docs.x.com/x-api/posts/create-post */
async function post({ client, chain, madeWithAi }: Sender, { to, text, media }: Outgoing): Promise<string> {
  const { thread } = to;
  const body = {
    ...(text !== "" && { text }),
    ...(thread !== undefined && { reply: { in_reply_to_tweet_id: await chain.end(thread) } }),
    ...(media.length > 0 && { media: { media_ids: media } }),
    ...(madeWithAi && { made_with_ai: true }),
  };
  const answer = await client.write("createPosts", (api) => api.v2.post("tweets", body));
  const id = idOf(answer, "id", "createPosts");
  if (thread !== undefined) await chain.add(thread, id);
  return id;
}

/** https://docs.x.com/x-api/direct-messages/create-dm-message-by-participant-id */
async function sendDirect({ client }: Sender, { to, text, media }: Outgoing): Promise<string> {
  const name = "createDirectMessagesByParticipantId";
  const body = {
    ...(text !== "" && { text }),
    ...(media.length > 0 && { attachments: media.map((media_id) => ({ media_id })) }),
  };
  const answer = await client.write(name, (api) =>
    api.v2.post("dm_conversations/with/:participant_id/messages", body, { params: { participant_id: to.id } }),
  );
  return idOf(answer, "dm_event_id", name);
}

function idOf(answer: unknown, key: string, name: string): string {
  const id = isFields(answer) && isFields(answer.data) ? answer.data[key] : undefined;
  if (typeof id === "string") return id;
  throw new DeliveryError(`X's answer to ${name} names no id; it may have been carried out.`, { maybeSent: true });
}

/** A picture that X will never take must not cost the text beside it. */
async function uploadAll(
  { client, host }: Sender,
  to: Conversation,
  { text, uploads }: Part,
): Promise<readonly string[]> {
  const ids: string[] = [];
  let refusal: unknown;
  for (const upload of uploads) {
    try {
      ids.push(await uploadFile({ client, clock: host.clock }, upload, to.isDirect ? "dm" : "tweet"));
    } catch (error) {
      if (!(error instanceof DeliveryError && error.permanent)) throw error;
      refusal = error;
      host.log.warn({ adapter: to.adapter, reason: errorMessage(error) }, "a file was left out of a reply");
    }
  }
  if (text === "" && ids.length === 0) throw refusal;
  return ids;
}

function directOf({ adapter, account, id }: Conversation): Conversation {
  return { adapter, ...(account !== undefined && { account }), id, isDirect: true };
}

function isRefusal(error: unknown, cause: string): boolean {
  return error instanceof DeliveryError && error.cause === cause;
}
