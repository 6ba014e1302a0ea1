import type { WebhookResponse } from "../../core/index.ts";
import { clean } from "./render.ts";

const PROLOG = '<?xml version="1.0" encoding="UTF-8"?>';
// Twilio takes anything else for an error, or for a message.
const HEADERS = { "content-type": "text/xml; charset=utf-8" };

/** An answer that says nothing, or this text. https://www.twilio.com/docs/messaging/twiml */
export function twiml(text?: string): WebhookResponse {
  const inside =
    text === undefined ? "<Response/>" : `<Response><Message><Body>${escapeXml(text)}</Body></Message></Response>`;
  return { status: 200, headers: HEADERS, body: PROLOG + inside };
}

/** A refusal in the only format that Twilio takes: its body becomes a comment, to be read in Twilio's error log. */
export function asTwiml({ status, body }: WebhookResponse): WebhookResponse {
  const comment = clean(String(body ?? "")).replace(/-(?=-)|-$/g, "");
  return { status, headers: HEADERS, body: `${PROLOG}<Response><!-- ${comment} --></Response>` };
}

/** Text for XML, without the characters that XML cannot hold. */
function escapeXml(text: string): string {
  return clean(text).replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
