import type { WebClient } from "@slack/web-api";
import { type Conversation, DeliveryError, type OutgoingReply, type SentMessage } from "../../core/index.ts";
import type { Said } from "../shared/said.ts";
import { NOT_A_MEMBER } from "./failure.ts";
import { renderPost } from "./render.ts";
import { type Responding, respond, responseUrlOf } from "./respond.ts";
import { sendFiles } from "./upload.ts";

/** What a reply leaves by. */
export interface Sender extends Responding {
  readonly web: WebClient;
  readonly uploads: Said;
}

/** Posts a reply: to everyone, to its author alone, with files, or where the bot is no member by the interaction's response_url. */
export function sendReply(sender: Sender, to: Conversation, reply: OutgoingReply): Promise<SentMessage> {
  const isPrivate = reply.visibility === "author" && reply.author !== undefined;
  if (reply.attachments.some(({ data }) => data !== undefined)) {
    if (isPrivate) throw new DeliveryError(NO_PRIVATE_FILES, { maybeSent: false, permanent: true });
    return sendFiles(sender, to, reply);
  }
  const responseUrl = responseUrlOf(reply, sender);
  const byMethod = isPrivate ? postPrivately : post;
  return responseUrl === undefined
    ? byMethod(sender, to, reply)
    : sendByEither(responseUrl, sender, { to, reply, byMethod, isPrivate });
}

function sendByEither(
  responseUrl: string,
  sender: Sender,
  post: {
    readonly to: Conversation;
    readonly reply: OutgoingReply;
    readonly byMethod: typeof sendReply;
    readonly isPrivate: boolean;
  },
): Promise<SentMessage> {
  const byUrl = () => respond(responseUrl, sender, post);
  const byMethod = () => post.byMethod(sender, post.to, post.reply);
  // Only the person who pressed or typed is meant, and the address reaches them wherever they are.
  return post.isPrivate
    ? otherwise(byUrl, byMethod, isRefused)
    : otherwise(byMethod, byUrl, ({ cause }) => NOT_A_MEMBER.includes(String(cause)));
}

const isRefused = ({ permanent, maybeSent }: DeliveryError) => permanent && !maybeSent;

// Showing it to everybody instead would give away what was meant for one person.
const NO_PRIVATE_FILES =
  "Slack cannot show an uploaded file to one person only. Send it to everyone, or in a direct conversation, or as a link.";

function post({ web }: Sender, to: Conversation, reply: OutgoingReply): Promise<SentMessage> {
  return web.chat.postMessage(renderPost(to, reply)).then(({ ts }) => ({ id: String(ts), conversation: to }));
}

async function postPrivately({ web }: Sender, to: Conversation, reply: OutgoingReply): Promise<SentMessage> {
  const { metadata: _, unfurl_links: __, ...shown } = renderPost(to, reply);
  const answer = await web.chat.postEphemeral({ ...shown, user: String(reply.author) });
  return { id: String(answer.message_ts), conversation: to };
}

async function otherwise(
  first: () => Promise<SentMessage>,
  second: () => Promise<SentMessage>,
  when: (error: DeliveryError) => boolean,
): Promise<SentMessage> {
  try {
    return await first();
  } catch (error) {
    if (error instanceof DeliveryError && when(error)) return second();
    throw error;
  }
}
