import type { WebClient } from "@slack/web-api";
import type { Attachment, Conversation, OutgoingReply, SentMessage } from "../../core/index.ts";
import { notSent } from "../shared/failure.ts";
import { isFields } from "../shared/fields.ts";
import type { Said } from "../shared/said.ts";
import { failedCall, unsentCall } from "./failure.ts";
import { renderReply } from "./render.ts";
import type { Transport } from "./transport.ts";

/**
 * Posts a reply with files. Only the last of the three steps is visible, so that a failure before it can be tried again.
 * https://docs.slack.dev/messaging/working-with-files
 */
export async function sendFiles(
  connection: { readonly web: WebClient; readonly transport: Transport; readonly uploads: Said },
  to: Conversation,
  reply: OutgoingReply,
): Promise<SentMessage> {
  const attachments = reply.attachments.filter(({ data }) => data !== undefined);
  const files = await Promise.all(attachments.map((attachment) => uploadFile(connection, attachment)));
  const { text, blocks } = renderReply(reply);
  const target = to.thread === undefined ? { channel_id: to.id } : { channel_id: to.id, thread_ts: to.thread };
  const [first, ...rest] = files;
  // Before anybody can see them: a post whose sending is in doubt is known by them.
  await Promise.all(files.map(({ id }) => connection.uploads.note(id, reply.ref)));
  const answer = await connection.web.files.completeUploadExternal({
    files: [first!, ...rest],
    ...target,
    // Slack takes a text or blocks, not both.
    ...(blocks ? { blocks } : text !== "" && { initial_comment: text }),
  });
  return { id: findShare(answer.files, to.id) ?? first!.id, conversation: to };
}

async function uploadFile(
  { web, transport }: { readonly web: WebClient; readonly transport: Transport },
  { name, data, altText }: Attachment,
): Promise<{ id: string; title: string }> {
  const ticket = await web.files.getUploadURLExternal({
    filename: name,
    length: data!.length,
    ...(altText !== undefined && { alt_text: altText }),
  });
  if (!ticket.upload_url || !ticket.file_id) throw unsentCall("files.getUploadURLExternal", "Slack gave no address");
  const what = "file upload";
  const headers = { "content-type": "application/octet-stream" };
  try {
    const { status } = await transport.post({ url: ticket.upload_url, what, headers, body: data! });
    if (status !== 200) throw failedCall(what, status, undefined);
  } catch (error) {
    // Nobody sees a file before the last step: an upload that may have arrived is no post that may have been sent.
    throw notSent(error);
  }
  return { id: ticket.file_id, title: name };
}

/** The ts of the post that shows the file. Slack does not always know it yet: the file's own id then names the post. */
function findShare(files: unknown, channel: string): string | undefined {
  const file: unknown = Array.isArray(files) ? files[0] : undefined;
  if (!isFields(file) || !isFields(file.shares)) return undefined;
  for (const shares of Object.values(file.shares)) {
    const posts = isFields(shares) ? shares[channel] : undefined;
    const post: unknown = Array.isArray(posts) ? posts[0] : undefined;
    if (isFields(post) && typeof post.ts === "string") return post.ts;
  }
  return undefined;
}
