import { type Conversation, DeliveryError, type OutgoingReply, type SentMessage } from "../../core/index.ts";
import { unless } from "../shared/failure.ts";
import { isFields } from "../shared/fields.ts";
import type { Callbacks } from "./callback.ts";
import type { Echoes } from "./echoes.ts";
import { emojiOf } from "./emoji.ts";
import { ALREADY_THERE, NOT_FOUND } from "./failure.ts";
import { callbackId, type Finder, findReply, resolvePost } from "./find.ts";
import { idOf } from "./parse.ts";
import { kindOf, placeOf, placeQuery, ROOMS, wireId } from "./place.ts";
import { isPlain, renderReply, renderTitle } from "./render.ts";
import { hasData, uploadFile } from "./upload.ts";

export interface Sender extends Finder {
  readonly callbacks: Callbacks;
  readonly echoes: Echoes;
}

/** A bare text goes over the event's callback, which speaks as the bot; what a callback cannot carry, or does not take, over the API. */
export async function sendReply(sender: Sender, to: Conversation, reply: OutgoingReply): Promise<SentMessage> {
  const callback = isPlain(reply) ? await sender.callbacks.callbackFor(to, reply) : undefined;
  if (callback !== undefined) {
    const { content } = renderReply(reply);
    const outcome = await sender.callbacks.post(callback, content);
    if (outcome === "taken") {
      await sender.tally.note(to, reply);
      return { id: callbackId(reply, content), conversation: to };
    }
    const found = outcome === "unsure" ? await lookUp(sender, to, reply) : undefined;
    if (found !== undefined) return found;
    sender.host.log.debug(
      { adapter: to.adapter, conversation: to.id },
      "a callback of Twist's failed; on over the API",
    );
  }
  const message = await sendByApi(sender, to, reply);
  await sender.tally.note(to, reply);
  return message;
}

/** Changes a post of ours; its old buttons go. */
export async function editPost(finder: Finder, sent: SentMessage, reply: OutgoingReply): Promise<void> {
  const post = await resolvePost(finder, sent);
  const files = await uploadAll(finder, reply);
  await finder.api.post(`${ROOMS[kindOf(post)]}/update`, {
    id: wireId(post.id),
    ...renderReply(reply),
    ...(files.length > 0 && { attachments: files }),
  });
}

/** Deletes a post; one that is gone is no error. */
export async function deletePost(finder: Finder, sent: SentMessage): Promise<void> {
  const post = await resolvePost(finder, sent);
  await unless(NOT_FOUND, () => finder.api.post(`${ROOMS[kindOf(post)]}/remove`, { id: wireId(post.id) }));
}

/** Adds an emoji; adding it twice is no error. */
export async function addReaction(finder: Finder, to: SentMessage, name: string): Promise<void> {
  const reaction = emojiOf(name);
  if (reaction === undefined) {
    const message = `No emoji is known as \`${name}\` here. Use a common short name such as \`tada\`, or the character.`;
    throw new DeliveryError(message, { maybeSent: false, permanent: true });
  }
  const post = await resolvePost(finder, to);
  const target = { [`${kindOf(post)}_id`]: wireId(post.id) };
  await unless(ALREADY_THERE, () => finder.api.post("reactions/add", { ...target, reaction }));
}

// A callback that answers with an error of the server's may have posted all the same.
async function lookUp(sender: Sender, to: Conversation, reply: OutgoingReply): Promise<SentMessage | undefined> {
  const found = await findReply(sender, to, reply).catch(() => "unknown" as const);
  if (found !== "unknown") return found;
  throw new DeliveryError("Twist's callback failed, and whether it has posted cannot be told.", { maybeSent: true });
}

async function sendByApi(sender: Sender, to: Conversation, reply: OutgoingReply): Promise<SentMessage> {
  const post = renderReply(reply);
  const attachments = await uploadAll(sender, reply);
  const add = () => addPost(sender, to, { reply, post, attachments });
  return sender.identity.ownsToken ? add() : sender.echoes.post(to, post.content, add);
}

async function addPost(
  { api }: Finder,
  to: Conversation,
  {
    reply,
    post,
    attachments,
  }: {
    readonly reply: OutgoingReply;
    readonly post: ReturnType<typeof renderReply>;
    readonly attachments: readonly unknown[];
  },
): Promise<SentMessage> {
  const place = placeOf(to);
  const recipient = place.kind === "comment" && reply.author !== undefined ? wireId(reply.author) : undefined;
  const answer = await api.post(`${ROOMS[place.kind]}/add`, {
    ...placeQuery(place),
    ...(place.kind === "thread" && { title: renderTitle(post.content) }),
    content: post.content,
    ...(post.actions.length > 0 && { actions: post.actions }),
    ...(attachments.length > 0 && { attachments }),
    // Else nobody is told of the comment.
    ...(typeof recipient === "number" && { recipients: [recipient] }),
  });
  const id = isFields(answer) ? idOf(answer.id) : undefined;
  if (id === undefined) throw new DeliveryError("Twist took the post and did not say its id.", { maybeSent: true });
  return { id, conversation: place.kind === "thread" ? { ...to, thread: id } : to };
}

function uploadAll({ api }: Finder, { attachments }: OutgoingReply): Promise<readonly unknown[]> {
  return Promise.all(attachments.filter(hasData).map((file) => uploadFile(api, file)));
}
