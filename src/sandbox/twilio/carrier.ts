import type { Feed } from "../feed.ts";
import type { SaidFile } from "../simulator.ts";
import type { Events } from "./events.ts";
import { addressesOf, type Line, type SmsMessage, type StoredFile } from "./exchange.ts";
import { attach, fetchFile } from "./files.ts";
import { freshSid } from "./ids.ts";
import type { Show } from "./show.ts";
import { readAnswer } from "./twiml.ts";

/** What a bot wants to have sent. */
export interface Order {
  readonly body: string;
  readonly media: readonly string[];
  /** A template that WhatsApp has approved. */
  readonly template?: string | undefined;
  readonly statusCallback?: string | undefined;
  readonly direction: "outbound-api" | "outbound-reply";
}

/** Carries messages: keeps them, shows them, tells the bot of what people say and of what became of its own. */
export interface Carrier {
  say(line: Line, text: string, files: readonly SaidFile[]): SmsMessage;
  /** The message is on its way and may still fail, of which only the status callbacks tell. */
  send(line: Line, order: Order): Promise<SmsMessage>;
}

const STOP = ["STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"];
const START = ["START", "YES", "UNSTOP"];
const HELP = ["HELP", "INFO"];
const WINDOW = 24 * 3_600_000;
const NOT_FETCHED = { sms: 11200, whatsapp: 63019 };
const OUTSIDE_WINDOW = 63016;

export function createCarrier(parts: {
  readonly events: Events;
  readonly feed: Feed;
  readonly show: Show;
  readonly signal: AbortSignal;
}): Carrier {
  const { events, feed, show, signal } = parts;

  function add(
    line: Line,
    said: Pick<SmsMessage, "direction" | "body" | "status"> & { files?: StoredFile[]; isNotice?: boolean },
  ): SmsMessage {
    const { ours, theirs } = addressesOf(line);
    const { files = [], isNotice = false } = said;
    const isInbound = said.direction === "inbound";
    const message: SmsMessage = {
      ...said,
      sid: freshSid(files.length > 0 ? "MM" : "SM"),
      from: isInbound ? theirs : ours,
      to: isInbound ? ours : theirs,
      files,
      isNotice,
      at: Date.now(),
      errorCode: undefined,
    };
    line.messages.push(message);
    feed.publish({
      type: "message",
      platform: "twilio",
      conversation: show.conversationName(line),
      message: show.message(line, message),
    });
    return message;
  }

  /** Twilio obeys these words by itself, on SMS. */
  function obey(line: Line, text: string): void {
    const word = text.trim().toUpperCase();
    const notify = (body: string) =>
      add(line, { direction: "outbound-reply", body, status: "delivered", isNotice: true });
    if (line.channel !== "sms") return;
    if (STOP.includes(word)) {
      line.hasOptedOut = true;
      notify("You get no more messages from this number. Send START to get them again.");
    } else if (START.includes(word) && line.hasOptedOut) {
      line.hasOptedOut = false;
      notify("You get messages from this number again. Send STOP to end them.");
    } else if (HELP.includes(word)) notify("Send STOP to get no more messages from this number.");
  }

  function failureOf(line: Line, order: Order, files: readonly (StoredFile | undefined)[]): number | undefined {
    if (files.includes(undefined)) return NOT_FETCHED[line.channel];
    if (line.channel === "sms" || order.template !== undefined) return undefined;
    const last = line.messages.findLast(({ direction }) => direction === "inbound");
    return last === undefined || last.at < Date.now() - WINDOW ? OUTSIDE_WINDOW : undefined;
  }

  async function send(line: Line, order: Order): Promise<SmsMessage> {
    const files = await Promise.all(order.media.map((url) => fetchFile(url, signal)));
    const message = add(line, {
      direction: order.direction,
      body: order.body || (order.template ?? ""),
      status: "queued",
      files: files.filter((file) => file !== undefined),
    });
    const errorCode = failureOf(line, order, files);
    // Only once the answer to the call is on its way.
    setImmediate(() => {
      for (const status of errorCode === undefined ? (["sent", "delivered"] as const) : (["failed"] as const)) {
        message.status = status;
        message.errorCode = errorCode;
        if (order.statusCallback !== undefined && !signal.aborted) events.status(line, message, order.statusCallback);
      }
    });
    return message;
  }

  return {
    say(line, text, attached) {
      const files = attached.map(attach);
      const message = add(line, { direction: "inbound", body: text, status: "received", files });
      obey(line, text);
      events.received(line, message, ({ body, headers }) => {
        const said = readAnswer(body, String(headers["content-type"] ?? ""));
        if (line.hasOptedOut) return;
        for (const { body, media } of said ?? []) void send(line, { body, media, direction: "outbound-reply" });
      });
      return message;
    },
    send,
  };
}
