import type { Trace } from "../core/index.ts";
import type { Fault } from "./faults.ts";
import type { ShownMessage, ShownReaction } from "./shown.ts";

interface At {
  readonly platform: string;
  readonly conversation: string;
}

/** What the page hears of, as it happens. */
export type FeedEvent =
  | ({ readonly type: "message" | "edited"; readonly message: ShownMessage } & At)
  | ({ readonly type: "deleted"; readonly id: string } & At)
  | ({ readonly type: "reaction"; readonly id: string; readonly reactions: readonly ShownReaction[] } & At)
  | { readonly type: "trace"; readonly trace: Trace }
  | { readonly type: "faults"; readonly platform: string; readonly faults: readonly Fault[] }
  | { readonly type: "reach"; readonly platform: string; readonly app: string; readonly reachable: boolean }
  /** Draw everything anew: something changed that has no event of its own, or events were missed. */
  | { readonly type: "refresh" };

export interface Feed {
  publish(event: FeedEvent): void;
  /** A stream of server-sent events that resumes after `lastEventId`, or begins with the recent traces. */
  stream(lastEventId: string | undefined): Response;
  clear(): void;
  close(): void;
}

const KEPT = 1000;
const HEARTBEAT = 15_000;
// A page that stopped reading must not grow our memory.
const UNREAD = 2000;

interface Entry {
  readonly id: number;
  readonly event: FeedEvent;
}

export function createFeed(): Feed {
  const open = new Set<ReadableStreamDefaultController<Uint8Array>>();
  const encoder = new TextEncoder();
  // Ids of another life of the sandbox must not be taken for ours.
  const life = Date.now().toString(36);
  let kept: Entry[] = [];
  let last = 0;

  const render = ({ id, event }: Entry) => `id: ${life}-${id}\ndata: ${JSON.stringify(event)}\n\n`;

  function write(controller: ReadableStreamDefaultController<Uint8Array>, text: string): void {
    try {
      controller.enqueue(encoder.encode(text));
      if ((controller.desiredSize ?? 0) > -UNREAD) return;
      controller.close();
    } catch {
      // The page has gone; `cancel` may not have been called yet.
    }
    open.delete(controller);
  }

  const heartbeat = setInterval(() => {
    for (const controller of open) write(controller, ": still here\n\n");
  }, HEARTBEAT);
  heartbeat.unref();

  /** What a page missed; undefined when that is no longer known. */
  function missedSince(lastEventId: string): Entry[] | undefined {
    const [of, id] = lastEventId.split("-");
    const since = Number(id);
    if (of !== life || !(since >= (kept[0]?.id ?? 1) - 1)) return undefined;
    return kept.filter((entry) => entry.id > since);
  }

  function opening(lastEventId: string | undefined): string {
    const traces = kept.filter((entry) => entry.event.type === "trace").slice(-200);
    if (lastEventId === undefined) return traces.map(render).join("");
    const missed = missedSince(lastEventId);
    return missed ? missed.map(render).join("") : render({ id: last, event: { type: "refresh" } });
  }

  return {
    publish(event) {
      last += 1;
      const entry = { id: last, event };
      kept.push(entry);
      if (kept.length > 2 * KEPT) kept = kept.slice(-KEPT);
      if (open.size === 0) return;
      const text = render(entry);
      for (const controller of open) write(controller, text);
    },
    stream(lastEventId) {
      let mine: ReadableStreamDefaultController<Uint8Array> | undefined;
      const body = new ReadableStream<Uint8Array>({
        start(controller) {
          mine = controller;
          open.add(controller);
          write(controller, `retry: 1000\n\n${opening(lastEventId)}`);
        },
        cancel() {
          if (mine) open.delete(mine);
        },
      });
      return new Response(body, {
        headers: { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-store" },
      });
    },
    clear() {
      kept = [];
    },
    close() {
      clearInterval(heartbeat);
      for (const controller of open) {
        try {
          controller.close();
        } catch {
          // Closed by the page already.
        }
      }
      open.clear();
    },
  };
}
