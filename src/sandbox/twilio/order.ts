import { HobnobError } from "../../core/index.ts";
import type { Order } from "./carrier.ts";
import type { App, Exchange, Line } from "./exchange.ts";

const LONGEST_BODY = 1600;
const MOST_MEDIA = 10;
const NUMBER = /^(?:whatsapp:)?\+[1-9]\d{6,14}$/;

/** The message that a call asks for. @throws HobnobError whose code is Twilio's, its cause the HTTP status */
export function readOrder(
  form: URLSearchParams,
  app: App,
  exchange: Exchange,
): { readonly line: Line; readonly order: Order } {
  const text = (name: string) => form.get(name) || undefined;
  const [to, body = "", template] = [text("To"), text("Body"), text("ContentSid")];
  const media = form.getAll("MediaUrl");
  if (to === undefined) refuse(21604, "A 'To' phone number is required.");
  if (!NUMBER.test(to)) refuse(21211, `The 'To' number ${to} is not a valid phone number.`);
  const line = lineOf(to, form, app, exchange);
  if (line.hasOptedOut) refuse(21610, "Attempt to send to unsubscribed recipient");
  if (body === "" && media.length === 0 && template === undefined) {
    refuse(21619, "A text message body or media urls must be specified.");
  }
  if (body.length > LONGEST_BODY) refuse(21617, "The concatenated message body exceeds the 1600 character limit");
  if (media.length > MOST_MEDIA) refuse(21623, "Number of media files exceeds allowed limit");
  if (!media.every((url) => /^https?:$/.test(URL.parse(url)?.protocol ?? ""))) refuse(21620, "Invalid media URL(s)");
  const statusCallback = text("StatusCallback");
  if (statusCallback !== undefined && !URL.canParse(statusCallback)) {
    refuse(21609, "The 'StatusCallback' URL is not a valid URL.");
  }
  return { line, order: { body, media, template, statusCallback, direction: "outbound-api" } };
}

function lineOf(to: string, form: URLSearchParams, app: App, exchange: Exchange): Line {
  const service = form.get("MessagingServiceSid");
  const prefix = to.startsWith("whatsapp:") ? "whatsapp:" : "";
  // A Messaging Service chooses the sender that fits.
  const from = service ? prefix + app.number : form.get("From");
  if (!from) return refuse(21603, "A 'From' phone number is required.");
  if (from.startsWith("whatsapp:") !== to.startsWith("whatsapp:")) {
    return refuse(21910, "Invalid From and To pair. From and To should be of the same channel");
  }
  return (
    exchange.lineBetween(app, from, to) ??
    (prefix === ""
      ? refuse(21606, `The 'From' phone number ${from} is not a valid, message-capable Twilio phone number.`)
      : refuse(63007, "Twilio could not find a Channel with the specified From address"))
  );
}

function refuse(code: number, message: string): never {
  throw new HobnobError(String(code), message, { cause: 400 });
}
