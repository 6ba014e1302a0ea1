import { randomBytes } from "node:crypto";
import type { Client } from "pg";
import { HobnobError } from "../../core/index.ts";
import { answered, connect, destroy, type Pg } from "./connect.ts";
import type { Target } from "./target.ts";

export interface Listener {
  /** Stops for ever. */
  close(): void;
}

export interface ListenerOptions {
  readonly pg: Pg;
  readonly target: Target;
  /** The name of this process in notifications: its own are not told of. */
  readonly self: string;
  wake(): void;
  /** Notifies over another connection. */
  notify(payload: string): Promise<void>;
}

const AGAIN_MS = [200, 500, 1_000, 2_000];
const ECHO_MS = 2_000;
// A connection can be dead without a sound.
const PULSE_MS = 30_000;

/**
 * Hears what other processes did. Its connection comes back by itself, and what was missed meanwhile is one `wake`.
 * @throws HobnobError `STORAGE_POOLER` when notifications do not come through
 */
export async function listen({ pg, target, self, wake, notify }: ListenerOptions): Promise<Listener> {
  let client: Client | undefined;
  let timer: NodeJS.Timeout | undefined;
  let failures = 0;
  let isClosed = false;
  let echo: ((payload: string) => void) | undefined;

  async function begin() {
    let mine: Client | undefined;
    mine = await connect(
      pg,
      target,
      () => {
        if (client === mine) later();
      },
      false,
    );
    mine.on("notification", ({ payload = "" }) => {
      if (payload === self) return;
      if (payload.startsWith("echo ")) echo?.(payload);
      else wake();
    });
    await answered(mine, mine.query(`LISTEN "${target.schema}"`));
    if (isClosed) return destroy(mine);
    client = mine;
    failures = 0;
  }

  function later() {
    client = undefined;
    if (isClosed) return;
    timer = setTimeout(
      () => {
        begin().then(wake, later);
      },
      AGAIN_MS[Math.min(failures++, AGAIN_MS.length - 1)]!,
    );
  }

  // A pooler that gives each transaction another connection swallows them, and each message would wait for a poll.
  async function check() {
    const payload = `echo ${randomBytes(6).toString("hex")}`;
    const heard = new Promise<boolean>((resolve) => {
      const patience = setTimeout(resolve, ECHO_MS, false);
      echo = (said) => {
        if (said !== payload) return;
        clearTimeout(patience);
        resolve(true);
      };
    });
    await notify(payload);
    const isHeard = await heard;
    echo = undefined;
    if (isHeard) return;
    throw new HobnobError(
      "STORAGE_POOLER",
      `Notifications do not come through from ${target.name}: PgBouncer in transaction mode, and poolers like it, drop them. Connect to the server itself, or use the pooler's session mode.`,
    );
  }

  const pulse = setInterval(() => {
    const mine = client;
    if (mine !== undefined) answered(mine, mine.query("SELECT")).catch(() => destroy(mine));
  }, PULSE_MS);
  pulse.unref();

  function close() {
    isClosed = true;
    clearTimeout(timer);
    clearInterval(pulse);
    if (client !== undefined) destroy(client);
  }

  try {
    await begin();
    await check();
  } catch (error) {
    close();
    throw error;
  }
  return { close };
}
