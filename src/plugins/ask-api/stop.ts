import type { Context, Event } from "../../core/index.ts";

/** Somebody wants no more answers to what they asked before. */
interface Wish {
  /** ISO 8601, UTC. */
  readonly at: string;
  /** An answer was stopped for it. */
  readonly isHeard?: boolean;
}

const LOOK_EVERY_MS = 250;
const WAIT_MS = 1500;

/** Puts the wish down; resolves with whether an answer was running. It may run in another process: the store knows all of them. */
export async function askToStop({ event, store }: Pick<Context, "event" | "store">): Promise<boolean> {
  const key = keyOf(event);
  await store.set(key, { at: event.sentAt } satisfies Wish, { ttl: "1h" });
  for (let waited = 0; waited < WAIT_MS; waited += LOOK_EVERY_MS) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    if ((await store.get<Wish>(key))?.isHeard) return true;
  }
  return false;
}

/** Looks out for the wish of the person who asked. */
export interface StopListener {
  readonly signal: AbortSignal;
  look(): Promise<void>;
  end(): void;
}

/** Aborted when the person who asked wishes no answer any more. Call `end` when there is nothing left to stop. */
export function listenForStop({ event, store }: Pick<Context, "event" | "store">): StopListener {
  const controller = new AbortController();
  const key = keyOf(event);
  let timer: NodeJS.Timeout | undefined;

  async function look() {
    const wish = await store.get<Wish>(key).catch(() => undefined);
    if (wish === undefined || wish.at < event.sentAt) return;
    end();
    controller.abort();
    await store.update<Wish>(key, (current) => current && { ...current, isHeard: true }, { ttl: "1h" }).catch(() => {});
  }
  function end() {
    clearInterval(timer);
  }

  timer = setInterval(look, LOOK_EVERY_MS);
  return { signal: controller.signal, look, end };
}

// Without the thread: who asks in a channel and then says stop has not always opened the thread.
function keyOf({ conversation: { adapter, account = "", id }, author }: Event): string {
  return `stop:${[adapter, account, id, author.id].join("/")}`;
}
