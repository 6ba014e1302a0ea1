import { DeliveryError, type HobnobError, RateLimitError } from "../../core/index.ts";
import { readRetryAfter } from "../shared/failure.ts";

/** What Slack said no to, for the person who can mend it. All of these stay the same however often they are tried. */
const REMEDIES: Readonly<Record<string, string>> = {
  account_inactive: "The bot's account was deleted or the app uninstalled. Install the app again.",
  as_user_not_supported: "Use a bot token.",
  cannot_dm_bot: "Slack does not let a bot write to a bot directly.",
  cant_delete_message: "A bot deletes only its own messages.",
  cant_update_message: "A bot edits only its own messages.",
  channel_not_found: "There is no such channel, or it is private: invite the bot with /invite @bot in that channel.",
  channel_type_not_supported: "Slack does not offer this in this kind of conversation.",
  edit_window_closed: "The workspace no longer lets this message be edited.",
  ekm_access_denied: "The workspace's administrators have blocked posting.",
  file_upload_size_restricted: "The file is larger than the workspace allows.",
  invalid_arguments: "Slack does not take these arguments.",
  invalid_auth: "Set the bot token (xoxb-…) of the app that is installed in this workspace.",
  invalid_blocks: "Slack does not take these buttons or blocks. Check them in its Block Kit Builder.",
  invalid_name: "There is no emoji of this name.",
  is_archived: "Unarchive the channel, or answer elsewhere.",
  message_not_found: "The message was deleted, or is not in this channel.",
  messages_tab_disabled: "Switch on the Messages tab on the app's App Home page.",
  metadata_too_large: "The reply's metadata is too large.",
  missing_scope: "Add the scope on the app's OAuth & Permissions page and install the app again.",
  msg_blocks_too_long: "Shorten the text or send fewer buttons.",
  msg_too_long: "Shorten the text.",
  no_permission: "The bot's token may not do this. Check its scopes.",
  no_text: "The reply is empty. Give it a text, an attachment or a button.",
  not_allowed_token_type: "Use a bot token (xoxb-…).",
  not_authed: "Set the bot token (xoxb-…).",
  not_in_channel: "Invite the bot: /invite @bot in that channel.",
  org_login_required: "The workspace is being moved to an organisation. Try again when that is done.",
  restricted_action: "The workspace's settings keep the bot from posting there. Ask an administrator.",
  restricted_action_read_only_channel: "The channel is read-only. Ask an administrator.",
  restricted_action_thread_locked: "The thread is locked.",
  team_access_not_granted: "Install the app in this workspace.",
  thread_not_found: "The thread was deleted.",
  token_expired: "Set a fresh bot token, or switch off token rotation for the app.",
  token_revoked: "The token was revoked. Install the app again and set the new token.",
  too_many_attachments: "Send fewer attachments.",
  user_not_found: "There is no such person.",
  user_not_in_channel: "Only a person in the channel can see a message that is for them alone.",
};

/** What Slack says to a bot that is not in a conversation, or cannot even see it. */
export const NOT_A_MEMBER: readonly string[] = ["not_in_channel", "channel_not_found"];

// Slack says these of itself: the call may have been carried out all the same.
const ITS_OWN_FAULT = ["fatal_error", "internal_error", "request_timeout", "service_unavailable"];

/** The error of a call that Slack answered with HTTP 200 and `ok: false`. */
export function refusedCall(
  method: string,
  answer: { readonly error?: unknown; readonly needed?: unknown },
  retryAfter: unknown,
): HobnobError {
  const code = typeof answer.error === "string" ? answer.error : "unknown_error";
  if (code === "ratelimited" || code === "rate_limited") return rateLimited(method, retryAfter);
  if (ITS_OWN_FAULT.includes(code)) return unsureCall(method, `failed inside Slack (${code})`);
  const needed = code === "missing_scope" && typeof answer.needed === "string" ? ` Needed: ${answer.needed}.` : "";
  const remedy = REMEDIES[code];
  return new DeliveryError(`Slack refused ${method}: ${code}.${remedy ? ` ${remedy}` : ""}${needed}`, {
    maybeSent: false,
    permanent: remedy !== undefined,
    cause: code,
  });
}

/** The error of a call that Slack answered with another HTTP status than 200. */
export function failedCall(method: string, status: number, retryAfter: unknown): HobnobError {
  if (status === 429) return rateLimited(method, retryAfter);
  if (status >= 500) return unsureCall(method, `was answered with HTTP ${status}`);
  return new DeliveryError(`Slack answered ${method} with HTTP ${status}. Check the API URL.`, { maybeSent: false });
}

/** The error of a call of which nobody knows whether Slack has carried it out. */
export function unsureCall(method: string, what: string, cause?: unknown): DeliveryError {
  return new DeliveryError(`Slack's ${method} ${what}; it may have been carried out.`, { maybeSent: true, cause });
}

/** The error of a call that never left. */
export function unsentCall(method: string, what: string, cause?: unknown): DeliveryError {
  return new DeliveryError(`Slack's ${method} was not sent: ${what}.`, { maybeSent: false, cause });
}

function rateLimited(method: string, retryAfter: unknown): RateLimitError {
  return new RateLimitError(`Slack takes no more ${method} for now.`, { retryAfter: readRetryAfter(retryAfter) });
}
