import { createHash, createHmac } from "node:crypto";
import { twilio } from "../../../src/adapters/twilio/index.ts";
import type { WebhookRequest } from "../../../src/core/index.ts";
import type { AdapterSubject, EventFixture } from "../../../src/testing/index.ts";
import { FORM, formFixture, openSimulated, type Signer, type Simulated } from "../contract-stage.ts";

const SIGNATURE = "x-twilio-signature";

/** Twilio, as the contract of all adapters sees it. */
export function twilioSubject(onCall?: Simulated["onCall"]): AdapterSubject {
  return {
    abilities: ["webhook", "find", "download", "check"],
    longestPost: 1600,
    fixtures: FIXTURES,
    open: (bot) =>
      openSimulated(bot, {
        create: () => twilio({ pace: false, timeout: "1s" }),
        secrets: ["authToken"],
        sign,
        forge(request) {
          const { [SIGNATURE]: signature, ...unsigned } = request.headers;
          const other = Buffer.from(Buffer.from(request.body).toString().replace("Body=", "Body=not+"));
          return [
            { ...request, headers: unsigned },
            { ...request, headers: { ...unsigned, [SIGNATURE]: `A${String(signature)}` } },
            ...(Buffer.compare(other, request.body) === 0 ? [] : [{ ...request, body: other }]),
          ];
        },
        ...(onCall && { onCall }),
      }),
  };
}

/** A form is signed by its fields, another body by its hash in the URL. https://www.twilio.com/docs/usage/security */
function sign(
  { body, contentType = "application/json" }: Parameters<Simulated["sign"]>[0],
  { credentials, webhook }: Signer,
): Pick<WebhookRequest, "headers" | "body" | "query"> {
  const bytes = Buffer.from(body);
  const isForm = contentType === FORM;
  const query = isForm ? "" : `bodySHA256=${createHash("sha256").update(bytes).digest("hex")}`;
  const form = new URLSearchParams(isForm ? bytes.toString() : "");
  const names = [...new Set(form.keys())].sort();
  const fields = names.flatMap((name) => [...new Set(form.getAll(name))].sort().map((value) => name + value));
  const url = query === "" ? webhook : `${webhook}?${query}`;
  const mac = createHmac("sha1", credentials.authToken!).update(url + fields.join(""));
  return { query, headers: { "content-type": contentType, [SIGNATURE]: mac.digest("base64") }, body: bytes };
}

const SMS = {
  AccountSid: "$accountSid",
  MessageSid: "SM0123456789abcdef0123456789abcdef",
  SmsSid: "SM0123456789abcdef0123456789abcdef",
  SmsMessageSid: "SM0123456789abcdef0123456789abcdef",
  ApiVersion: "2010-04-01",
  NumMedia: "0",
  NumSegments: "1",
  SmsStatus: "received",
  Body: "Where is my pizza?",
  To: "$from",
  From: "+15105550100",
};

const FIXTURES: readonly EventFixture[] = [
  formFixture("a text message", SMS, {
    kind: "message",
    id: "SM0123456789abcdef0123456789abcdef",
    text: "Where is my pizza?",
    isMention: true,
    author: { id: "+15105550100", isBot: false },
    conversation: { id: "+15105550100", isDirect: true },
  }),
  formFixture(
    "a WhatsApp message",
    {
      ...SMS,
      To: "whatsapp:$from",
      From: "whatsapp:+15105550100",
      ProfileName: "Ada",
      WaId: "15105550100",
      MessageType: "text",
    },
    { kind: "message", author: { id: "whatsapp:+15105550100", name: "Ada" } },
  ),
  formFixture(
    "a picture",
    {
      ...SMS,
      Body: "",
      NumMedia: "1",
      MediaUrl0:
        "https://api.twilio.com/2010-04-01/Accounts/$accountSid/Messages/SM0123456789abcdef0123456789abcdef/Media/ME0123456789abcdef0123456789abcdef",
      MediaContentType0: "image/jpeg",
    },
    { kind: "message", text: "" },
  ),
];
