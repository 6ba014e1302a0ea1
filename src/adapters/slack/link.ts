import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { type Clock, DeliveryError } from "../../core/index.ts";
import { type Fields, isFields } from "../shared/fields.ts";

/** One WebSocket to Slack, from opening to its end. */
export interface Link {
  /** Slack has said hello. Rejects when the connection ends before that. */
  readonly ready: Promise<void>;
  /** Slack will take the connection away, or has: another one is wanted. Resolves only after `ready`. */
  readonly leaving: Promise<void>;
  readonly ended: Promise<void>;
  /** Sent if the connection still stands: what is not acknowledged comes again. */
  send(frame: object): void;
  close(): void;
}

export interface LinkHandlers {
  readonly clock: Clock;
  /** Something came in. Not to reject; the link stays open until it is done, if Slack lets it. */
  envelope(frame: Fields): Promise<void>;
  /** Slack announces the end. https://docs.slack.dev/apis/events-api/using-socket-mode#disconnect */
  disconnect(reason: string): void;
}

// Slack pings every few seconds; a connection that is silent for this long is dead, whatever TCP says.
const SILENCE = 45_000;
const PINGS = "undici:websocket:ping";

/** Opens a connection to an address of `apps.connections.open`. */
export function createLink(url: string, { clock, envelope, disconnect }: LinkHandlers): Link {
  const socket = new WebSocket(url);
  const ready = Promise.withResolvers<void>();
  const leaving = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  let working = 0;
  let isLeaving = false;
  let cancelSilence = () => {};

  function heard(): void {
    cancelSilence();
    cancelSilence = clock.after(SILENCE, end);
  }

  // Every WebSocket of the process reports here; Node tells of pings in no other way.
  function onPing(message: unknown): void {
    if (isFields(message) && message.websocket === socket) heard();
  }

  function end(): void {
    cancelSilence();
    unsubscribe(PINGS, onPing);
    socket.removeEventListener("message", onMessage);
    ready.reject(new DeliveryError("The connection to Slack ended before it had begun.", { maybeSent: false }));
    leaving.resolve();
    ended.resolve();
    socket.close();
  }

  function leave(): void {
    isLeaving = true;
    leaving.resolve();
    if (working === 0) end();
  }

  async function work(frame: Fields): Promise<void> {
    working += 1;
    try {
      await envelope(frame);
    } finally {
      working -= 1;
      if (isLeaving && working === 0) end();
    }
  }

  function onMessage({ data }: MessageEvent): void {
    heard();
    const frame = readFrame(data);
    if (frame?.type === "hello") ready.resolve();
    else if (frame?.type === "disconnect") {
      disconnect(String(frame.reason));
      leave();
    } else if (frame?.envelope_id !== undefined) void work(frame);
  }

  heard();
  subscribe(PINGS, onPing);
  socket.addEventListener("message", onMessage);
  socket.addEventListener("close", end);
  socket.addEventListener("error", end);
  ready.promise.catch(() => {});

  return {
    ready: ready.promise,
    leaving: leaving.promise,
    ended: ended.promise,
    send(frame) {
      if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(frame));
    },
    close: end,
  };
}

function readFrame(data: unknown): Fields | undefined {
  try {
    const frame: unknown = typeof data === "string" ? JSON.parse(data) : undefined;
    return isFields(frame) ? frame : undefined;
  } catch {
    return undefined;
  }
}
