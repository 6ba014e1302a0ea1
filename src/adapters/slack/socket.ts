import type { WebClient } from "@slack/web-api";
import {
  type AdapterHost,
  DeliveryError,
  errorCode,
  errorMessage,
  HobnobError,
  RateLimitError,
  type WebhookResponse,
} from "../../core/index.ts";
import { notTaken } from "../shared/answer.ts";
import { type Fields, isFields } from "../shared/fields.ts";
import type { Intake } from "./intake.ts";
import { createLink, type Link } from "./link.ts";

/** What keeps a bot connected without a public URL. */
export interface SocketOptions {
  /** The adapter's name. */
  readonly adapter: string;
  /** The environment variable that holds the app-level token. */
  readonly tokenName: string;
  /** Calls with the app-level token. */
  readonly web: WebClient;
  readonly take: Intake;
  readonly host: AdapterHost;
}

/** Socket Mode, connected until it is closed. */
export interface Socket {
  close(): Promise<void>;
}

const LONGEST_PAUSE = 30_000;
// Who is cut off sooner than this time and again waits longer and longer.
const STEADY = 10_000;

/**
 * Receives over a WebSocket what else comes as requests. An envelope is acknowledged once its event is stored; Slack sends
 * again what is not. https://docs.slack.dev/apis/events-api/using-socket-mode
 * @throws HobnobError `CONFIG_INVALID` when Slack refuses the token
 */
export async function openSocket(options: SocketOptions): Promise<Socket> {
  const { adapter, host, tokenName, web, take } = options;
  const { log, clock } = host;
  const links = new Set<Link>();
  let isClosed = false;
  let hasBegun = false;
  let told = "";
  let cancelPause = () => {};

  async function onEnvelope(link: Link, frame: Fields): Promise<void> {
    const { envelope_id: id, payload } = frame;
    if (typeof id !== "string") return;
    const retry = { number: Number(frame.retry_attempt) || 0, reason: String(frame.retry_reason ?? "") };
    const arrival = { at: clock.now(), ...(retry.number > 0 && { retry }) };
    const taken = take(isFields(payload) ? payload : {}, arrival);
    const answer = await taken.catch((error: unknown) => notTaken(error, { adapter, log }));
    // Not stored: without an acknowledgement it comes again.
    if (answer.status >= 500) return;
    if (answer.status >= 400)
      log.warn({ adapter, code: "WEBHOOK_INVALID" }, "Slack sent something that cannot be read");
    const text = frame.accepts_response_payload === true ? ackPayload(answer) : undefined;
    link.send(text === undefined ? { envelope_id: id } : { envelope_id: id, payload: text });
  }

  async function dial(): Promise<Link> {
    const { url } = await web.apps.connections.open({});
    if (isClosed || url === undefined || !/^wss?:\/\//.test(url)) {
      throw new DeliveryError("Slack gave no address for the WebSocket.", { maybeSent: false });
    }
    const link = createLink(url, {
      clock,
      envelope(frame) {
        return onEnvelope(link, frame);
      },
      disconnect(reason) {
        if (reason !== "link_disabled") return;
        log.error({ adapter }, "Socket Mode was switched off on the app's page, so nothing comes in.");
      },
    });
    links.add(link);
    void link.ended.then(() => links.delete(link));
    await link.ready;
    // Another one that still stands has brought what was said meanwhile.
    if (hasBegun && links.size === 1) host.reconnected?.();
    return link;
  }

  function pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = clock.after(ms, resolve);
      cancelPause = () => {
        cancel();
        resolve();
      };
    });
  }

  async function keep(first: Link | undefined): Promise<void> {
    let link = first;
    let failures = first === undefined ? 1 : 0;
    let since = clock.steady();
    while (!isClosed) {
      if (link !== undefined) {
        // The next one is opened while this one still acknowledges what it brought.
        await link.leaving;
        if (isClosed) return;
        failures = clock.steady() - since > STEADY ? 0 : failures + 1;
        link = undefined;
      }
      if (failures > 1) await pause(Math.min(1000 * 2 ** (failures - 2), LONGEST_PAUSE));
      if (isClosed) return;
      try {
        link = await dial();
        since = clock.steady();
        told = "";
      } catch (error) {
        failures += 1;
        if (isClosed) return;
        complain(error);
        if (error instanceof RateLimitError) await pause(error.retryAfter);
      }
    }
  }

  function complain(error: unknown): void {
    const reason = errorMessage(error);
    if (reason === told) return;
    told = reason;
    const about = { adapter, code: errorCode(error), reason };
    const sentence = "No connection to Slack, so nothing comes in; the bot keeps trying.";
    log[isPermanent(error) ? "error" : "warn"](about, sentence);
  }

  let first: Link | undefined;
  try {
    first = await dial();
  } catch (error) {
    if (isPermanent(error)) throw wrongToken(tokenName, error);
    complain(error);
  }
  hasBegun = true;
  const kept = keep(first);

  return {
    async close() {
      isClosed = true;
      cancelPause();
      for (const link of links) link.close();
      await kept;
    },
  };
}

function isPermanent(error: unknown): error is DeliveryError {
  return error instanceof DeliveryError && error.permanent;
}

function wrongToken(tokenName: string, error: DeliveryError): HobnobError {
  const message = `Slack does not open a connection with ${tokenName} (${String(error.cause)}). Take an app-level token (xapp-…) with the scope connections:write from Basic Information, and switch Socket Mode on.`;
  return new HobnobError("CONFIG_INVALID", message, { permanent: true });
}

function ackPayload({ body }: WebhookResponse): unknown {
  return typeof body === "string" && body !== "" ? JSON.parse(body) : undefined;
}
