import { type Conversation, DeliveryError, type OutgoingReply, type SentMessage } from "../../core/index.ts";
import { isFields } from "../shared/fields.ts";
import { isSlackAddress } from "./address.ts";
import { failedCall } from "./failure.ts";
import type { ReplyNote } from "./interaction.ts";
import { renderReply } from "./render.ts";
import type { Transport } from "./transport.ts";

/** What an answer by response_url needs beside the reply. */
export interface Responding {
  readonly transport: Transport;
  readonly apiUrl: string;
  /** Milliseconds since 1970. */
  now(): number;
}

const WHAT = "response_url";
const KNOWN = ["used_url", "expired_url", "no_text", "invalid_blocks", "invalid_payload", "channel_is_archived"];

/** The address that an interaction left for its answers; undefined when there is none, or when its time is over. */
export function responseUrlOf({ replyTo }: OutgoingReply, { apiUrl, now }: Responding): string | undefined {
  if (!isFields(replyTo)) return undefined;
  const { responseUrl, until } = replyTo as Partial<ReplyNote>;
  if (typeof responseUrl !== "string" || typeof until !== "number" || until <= now()) return undefined;
  return isSlackAddress(responseUrl, apiUrl) ? responseUrl : undefined;
}

/**
 * Answers an interaction by its response_url, which works where the bot is no member; five times within 30 minutes.
 * The post has no ts, so it can be neither edited nor deleted. https://docs.slack.dev/interactivity/handling-user-interaction
 */
export async function respond(
  url: string,
  { transport }: Responding,
  { to, reply }: { readonly to: Conversation; readonly reply: OutgoingReply },
): Promise<SentMessage> {
  const body = JSON.stringify({
    response_type: reply.visibility === "author" ? "ephemeral" : "in_channel",
    replace_original: false,
    ...(to.thread !== undefined && { thread_ts: to.thread }),
    ...renderReply(reply),
  });
  const headers = { "content-type": "application/json" };
  const { status, headers: answered, body: said } = await transport.post({ url, what: WHAT, headers, body });
  if (status === 429 || status >= 500) throw failedCall(WHAT, status, answered["retry-after"]);
  const code = KNOWN.find((known) => said.includes(known)) ?? (status === 200 ? undefined : `HTTP ${status}`);
  if (code === undefined) return { id: `${RESPONSE_ID}${reply.ref}`, conversation: to };
  throw new DeliveryError(`Slack refused ${WHAT}: ${code}. It takes five answers within 30 minutes.`, {
    maybeSent: false,
    permanent: true,
    cause: code,
  });
}

/** What the ids of such answers begin with: Slack does not tell their ts. */
const RESPONSE_ID = "response:";

/** @throws DeliveryError permanent for an answer that Slack gave no name */
export function assertNamed({ id }: SentMessage): void {
  if (!id.startsWith(RESPONSE_ID)) return;
  throw new DeliveryError(
    "Slack does not let this answer be changed, for it left by a response_url. Answer for everyone, where the bot is a member.",
    { maybeSent: false, permanent: true },
  );
}
