import type { Deliverer, DeliveryRules } from "../deliver.ts";
import type { Answer } from "../post.ts";
import { type App, addressesOf, type Line, type SmsMessage } from "./exchange.ts";
import { freshSid } from "./ids.ts";
import { signature } from "./signature.ts";
import { VERSION } from "./wire.ts";

/** Twilio's rules of delivery, as the fragment `#rc=1&rp=all` sets them. https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides */
export const deliveryRules: DeliveryRules = { retryDelays: [500], timeout: 15_000 };

/** Posts to the bot. */
export interface Events {
  /** A message of a person; `answered` gets what the bot said to it at once. */
  received(line: Line, message: SmsMessage, answered: (answer: Answer) => void): void;
  /** What became of a message of the bot. */
  status(line: Line, message: SmsMessage, url: string): void;
}

export function createEvents({
  deliverer,
  url,
  conversationName,
}: {
  readonly deliverer: Deliverer;
  readonly url: () => string;
  conversationName(line: Line): string;
}): Events {
  function post(
    line: Line,
    message: SmsMessage,
    event: {
      readonly id: string;
      readonly type: string;
      readonly url: string;
      readonly form: URLSearchParams;
      answered?(answer: Answer): void;
    },
  ): void {
    const idempotencyToken = freshSid("");
    // The fragment is neither called nor signed.
    const address = event.url.split("#")[0]!;
    deliverer.send({
      eventId: event.id,
      type: event.type,
      message: message.sid,
      conversation: conversationName(line),
      app: line.app.name,
      url: address,
      request: () => ({
        body: event.form.toString(),
        headers: {
          "content-type": "application/x-www-form-urlencoded; charset=utf-8",
          "user-agent": "TwilioProxy/1.1",
          accept: "*/*",
          "i-twilio-idempotency-token": idempotencyToken,
          "x-twilio-signature": signature(line.app.authToken, address, event.form),
        },
      }),
      ...(event.answered && { answered: event.answered }),
    });
  }

  return {
    received(line, message, answered) {
      const form = inboundForm(line, message, url());
      post(line, message, { id: message.sid, type: "message", url: line.app.webhook, form, answered });
    },
    status(line, message, callback) {
      const { ours, theirs } = addressesOf(line);
      const form = new URLSearchParams({
        ...common(line.app, message),
        MessageStatus: message.status,
        SmsStatus: message.status,
        From: ours,
        To: theirs,
        ...(message.errorCode !== undefined && { ErrorCode: String(message.errorCode) }),
      });
      post(line, message, { id: `${message.sid}:${message.status}`, type: "status", url: callback, form });
    },
  };
}

function common({ accountSid }: App, { sid }: SmsMessage) {
  return { AccountSid: accountSid, MessageSid: sid, SmsSid: sid, ApiVersion: VERSION };
}

/** https://www.twilio.com/docs/messaging/guides/webhook-request */
function inboundForm(line: Line, message: SmsMessage, base: string): URLSearchParams {
  const { app, person, channel } = line;
  const { ours, theirs } = addressesOf(line);
  const form = new URLSearchParams({
    ...common(app, message),
    SmsMessageSid: message.sid,
    NumMedia: String(message.files.length),
    NumSegments: "1",
    SmsStatus: "received",
    Body: message.body,
    To: ours,
    From: theirs,
    ...(channel === "whatsapp"
      ? { ProfileName: person.name, WaId: person.number.slice(1), MessageType: "text", ReferralNumMedia: "0" }
      : { ...place("To"), ...place("From") }),
  });
  for (const [at, { sid, mimeType }] of message.files.entries()) {
    form.set(`MediaUrl${at}`, `${base}/api/${VERSION}/Accounts/${app.accountSid}/Messages/${message.sid}/Media/${sid}`);
    form.set(`MediaContentType${at}`, mimeType);
  }
  return form;
}

function place(end: "To" | "From") {
  return { [`${end}Country`]: "US", [`${end}State`]: "CA", [`${end}City`]: "", [`${end}Zip`]: "" };
}
