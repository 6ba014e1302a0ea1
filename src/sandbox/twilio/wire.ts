import type { App, SmsMessage, StoredFile } from "./exchange.ts";
import { rfc2822 } from "./ids.ts";

/** A JSON object on its way to the bot. */
export type Json = Readonly<Record<string, unknown>>;

export const VERSION = "2010-04-01";

/** A message as the API shows it. https://www.twilio.com/docs/messaging/api/message-resource */
export function wireMessage(message: SmsMessage, { accountSid }: App): Json {
  const { sid, direction, from, to, body, files, status, errorCode, at } = message;
  const uri = `/${VERSION}/Accounts/${accountSid}/Messages/${sid}`;
  const isWaiting = status === "queued";
  return {
    account_sid: accountSid,
    api_version: VERSION,
    body,
    date_created: rfc2822(at),
    date_sent: isWaiting ? null : rfc2822(at),
    date_updated: rfc2822(at),
    direction,
    error_code: errorCode ?? null,
    error_message: null,
    from,
    messaging_service_sid: null,
    num_media: String(files.length),
    num_segments: String(segmentsOf(body)),
    price: null,
    price_unit: "USD",
    sid,
    status,
    subresource_uris: { media: `${uri}/Media.json` },
    to,
    uri: `${uri}.json`,
  };
}

/** A file of a message as the API shows it. */
export function wireMedia(file: StoredFile, message: SmsMessage, { accountSid }: App): Json {
  return {
    account_sid: accountSid,
    content_type: file.mimeType,
    date_created: rfc2822(message.at),
    date_updated: rfc2822(message.at),
    parent_sid: message.sid,
    sid: file.sid,
    uri: `/${VERSION}/Accounts/${accountSid}/Messages/${message.sid}/Media/${file.sid}.json`,
  };
}

const GSM_7 = /^[@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&'()*+,\-./0-9:;<=>?¡A-ZÄÖÑÜ§¿a-zäöñüà^{}\\[~\]|€]*$/;

/** How many messages of the carrier a text takes: 160 characters each, 70 with any that GSM-7 has not. */
export function segmentsOf(text: string): number {
  const [alone, linked] = GSM_7.test(text) ? [160, 153] : [70, 67];
  const length = GSM_7.test(text) ? text.length + (text.match(/[\^{}\\[~\]|€]/g)?.length ?? 0) : text.length;
  return length <= alone ? 1 : Math.ceil(length / linked);
}
