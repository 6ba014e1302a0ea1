import type { WebClient } from "@slack/web-api";
import { type Conversation, DeliveryError, type OutgoingReply, type SentMessage } from "../../core/index.ts";
import { NOT_A_MEMBER } from "./failure.ts";
import { renderPost } from "./render.ts";
import { type Responding, respond, responseUrlOf } from "./respond.ts";
import { sendFiles } from "./upload.ts";

/** What a reply leaves by. */
export interface Sender extends Responding {
  readonly web: WebClient;
}

/** Posts a reply: to everyone, to its author alone, with files, or where the bot is no member by the interaction's response_url. */
export async function sendReply(sender: Sender, to: Conversation, reply: OutgoingReply): Promise<SentMessage> {
  const hasFiles = reply.attachments.some(({ data }) => data !== undefined);
  const isPrivate = reply.visibility === "author" && reply.author !== undefined;
  if (hasFiles) {
    if (isPrivate) throw new DeliveryError(NO_PRIVATE_FILES, { maybeSent: false, permanent: true });
    return sendFiles(sender, to, reply);
  }
  const responseUrl = responseUrlOf(reply, sender);
  const byUrl = (url: string) => respond(url, sender, { to, reply });
  const byMethod = () => (isPrivate ? postPrivately(sender, to, reply) : post(sender, to, reply));
  if (responseUrl === undefined) return byMethod();
  // Only the person who pressed or typed is meant, and the address reaches them wherever they are.
  return isPrivate
    ? otherwise(() => byUrl(responseUrl), byMethod, isRefused)
    : otherwise(
        byMethod,
        () => byUrl(responseUrl),
        ({ cause }) => NOT_A_MEMBER.includes(String(cause)),
      );
}

const isRefused = ({ permanent, maybeSent }: DeliveryError) => permanent && !maybeSent;

// Showing it to everybody instead would give away what was meant for one person.
const NO_PRIVATE_FILES =
  "Slack cannot show an uploaded file to one person only. Send it to everyone, or in a direct conversation, or as a link.";

async function post({ web }: Sender, to: Conversation, reply: OutgoingReply): Promise<SentMessage> {
  const answer = await web.chat.postMessage(renderPost(to, reply));
  return { id: String(answer.ts), conversation: to };
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
