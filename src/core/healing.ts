import type { Adapter } from "./adapter.ts";
import { type Clock, type Duration, parseDuration } from "./clock.ts";
import { errorCode, errorMessage, HobnobError, RateLimitError } from "./errors.ts";
import { claimHealing } from "./heal-claim.ts";
import { createHeard, type Heard, type Place } from "./heard.ts";
import type { Log } from "./log.ts";
import type { Message } from "./message.ts";
import type { Storage } from "./storage.ts";

/** Which missed messages are read back and handled after all. */
export interface HealConfig {
  /** The oldest message that is still answered; 48 hours at most. @default "1h" */
  readonly maxAge?: Duration;
  /** Conversations and threads looked at, by adapter: those in which something was said last. @default 200 */
  readonly conversations?: number;
}

export interface HealingOptions {
  readonly storage: Storage;
  readonly config: HealConfig;
  /** The platform forgets everything when the bot ends. */
  readonly isSandboxed: boolean;
  readonly clock: Clock;
  readonly log: Log;
  /** Takes a message that was missed. Calls `onHealed` when it was new and a handler has it. */
  receive(message: Message, adapter: Adapter, onHealed: () => void): Promise<unknown>;
}

/** Reads back what one adapter has missed. */
export interface Healing {
  readonly heard: Heard;
  /** Something may be missing in all conversations. */
  begin(): void;
  stop(): Promise<void>;
}

// A conversation that is not written down when the process dies cannot be looked at; how far it was heard is less urgent.
const SAVE_MS = { isNew: 1000, isKnown: 5000 };
// Clocks differ; and of two messages that came at once, the newer one may have been the only one to get through.
const OVERLAP_MS = 60_000;
const AT_ONCE = 2;
const RETRIES_MS = [5000, 30_000, 120_000, 600_000] as const;

/** What became of one pass over the gaps. */
interface Pass {
  messages: number;
  readonly conversations: Set<Place>;
  /** Could not be read now, and will be tried again. */
  readonly failures: unknown[];
  /** Can never be read. */
  readonly unreadable: unknown[];
}

/** `adapter` has a `history`. */
export function createHealing(adapter: Adapter, options: HealingOptions): Healing {
  const { storage, config, isSandboxed, clock, log, receive } = options;
  const { maxAge = "1h", conversations = 200 } = config;
  const maxAgeMs = parseDuration(maxAge)!;
  const { name } = adapter;
  const about = { adapter: name };
  const timers = new Map<unknown, () => void>();
  /** When it was last found that something may be missing everywhere, and nobody has looked yet. */
  let askedAt: number | undefined;
  let giveUpAt = 0;
  let failedPasses = 0;
  let isRunning = false;
  let isStopped = false;

  const heard = createHeard({
    adapter: name,
    values: isSandboxed ? undefined : () => storage.values,
    log,
    now: clock.now,
    most: conversations,
    changed(isNew) {
      if (isNew || !timers.has("save")) later("save", isNew ? SAVE_MS.isNew : SAVE_MS.isKnown, () => void heard.save());
    },
    wasRefused() {
      giveUpAt = clock.steady() + maxAgeMs;
      if (!isRunning && !timers.has("pass")) later("pass", RETRIES_MS[0], run);
    },
  });

  function later(what: unknown, ms: number, act: () => void): void {
    if (isStopped) return;
    timers.get(what)?.();
    const cancel = clock.after(ms, () => {
      timers.delete(what);
      act();
    });
    timers.set(what, cancel);
  }

  function run(): void {
    if (isRunning || isStopped) return;
    isRunning = true;
    passes().then(
      (waitMs) => {
        isRunning = false;
        if (waitMs !== undefined) later("pass", waitMs, run);
      },
      (error: unknown) => {
        isRunning = false;
        if (isStopped) return;
        log.debug({ ...about, code: errorCode(error) }, "Missed messages cannot be looked for yet.");
        later("pass", RETRIES_MS[0], run);
      },
    );
  }

  /** Until nothing is open, or that has to wait: then resolves with how long, ms. */
  async function passes(): Promise<number | undefined> {
    for (;;) {
      const asked = askedAt;
      const mayKnowMore = asked !== undefined && storage.fleet !== undefined;
      if (isStopped || (!mayKnowMore && heard.gaps().length === 0)) {
        askedAt = undefined;
        return undefined;
      }
      await storage.ping();
      const claim = asked === undefined ? undefined : await claimHealing(storage, { adapter: name, asked, clock });
      if (claim?.kind === "wait") return claim.ms;
      if (claim?.kind === "done") heard.closeAll();
      // Others of the fleet may have heard of conversations that this process does not know.
      if (claim?.kind === "mine" && mayKnowMore) await heard.load();
      if (askedAt === asked) askedAt = undefined;
      const open = heard.gaps();
      const places = open.slice(0, conversations);
      for (const place of open.slice(conversations)) close(place);
      if (places.length === 0) {
        await claim?.finish?.(true);
        continue;
      }
      if (places.length === conversations) {
        log.info({ ...about, conversations }, "Only the conversations where something was said last are looked at.");
      }
      const pass = await readAll(places, claim?.kind === "mine" ? claim.renew : undefined);
      if (isStopped) return undefined;
      await claim?.finish?.(pass.failures.length === 0);
      tell(pass);
      if (pass.failures.length > 0) {
        if (clock.steady() < giveUpAt) return RETRIES_MS[Math.min(failedPasses++, RETRIES_MS.length - 1)];
        for (const place of places) close(place);
        log.warn(about, "What was missed is too old by now; it is no longer looked for.");
      }
      failedPasses = 0;
    }
  }

  async function readAll(places: readonly Place[], renew: (() => Promise<void>) | undefined): Promise<Pass> {
    const pass: Pass = { messages: 0, conversations: new Set(), failures: [], unreadable: [] };
    const left = places.values();
    const some = async () => {
      for (const place of left) {
        if (isStopped) return;
        await renew?.();
        await readPatiently(place, pass);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, some));
    return pass;
  }

  /** Waits for as long as the platform wants it, without counting that as a failure. */
  async function readPatiently(place: Place, pass: Pass): Promise<void> {
    const { gap = place.seen } = place;
    place.gap = undefined;
    place.reading = gap;
    for (;;) {
      try {
        await read(place, gap, pass);
        // Else more was refused meanwhile.
        if (place.gap === undefined) place.wasRefused = false;
        break;
      } catch (error) {
        if (isStopped) return;
        if (error instanceof RateLimitError && clock.steady() + error.retryAfter < giveUpAt) {
          await new Promise<void>((resolve) => later(place, error.retryAfter, resolve));
          continue;
        }
        const isPermanent = error instanceof HobnobError && error.permanent;
        (isPermanent ? pass.unreadable : pass.failures).push(error);
        // One may have been opened meanwhile.
        if (!isPermanent) reopen(place, gap);
        break;
      }
    }
    place.reading = undefined;
  }

  async function read(place: Place, gap: string, pass: Pass): Promise<void> {
    const now = clock.now();
    const oldest = now - maxAgeMs;
    // A platform's clock may be ahead, or tell nonsense.
    const since = Math.max(Math.min(Date.parse(gap) || 0, now) - OVERLAP_MS, oldest);
    for await (const message of adapter.history!(place.conversation, since, { asHeard: true })) {
      if (isStopped) return;
      if (Date.parse(message.sentAt) < oldest) continue;
      await receive(message, adapter, () => {
        pass.messages += 1;
        pass.conversations.add(place);
      });
      if (message.sentAt > place.seen) place.seen = message.sentAt;
    }
  }

  function tell({ messages, conversations, failures, unreadable }: Pass): void {
    if (messages > 0) {
      const counts = { ...about, messages, conversations: conversations.size };
      log.info(counts, `Read back ${messages} missed messages of ${conversations.size} conversations.`);
    }
    for (const [errors, sentence] of [
      [unreadable, "Conversations whose history cannot be read: what was missed there stays missed."],
      [failures, "Conversations could not be read back for what was missed; it is tried again."],
    ] as const) {
      if (errors.length === 0) continue;
      const [first] = errors;
      log.warn(
        { ...about, conversations: errors.length, code: errorCode(first), reason: errorMessage(first) },
        sentence,
      );
    }
  }

  return {
    heard,
    begin() {
      askedAt = clock.now();
      giveUpAt = clock.steady() + maxAgeMs;
      timers.get("pass")?.();
      timers.delete("pass");
      run();
    },
    async stop() {
      isStopped = true;
      for (const cancel of timers.values()) cancel();
      timers.clear();
      await heard.save();
    },
  };
}

function close(place: Place): void {
  place.gap = undefined;
  place.wasRefused = false;
}

function reopen(place: Place, since: string): void {
  if (place.gap === undefined || since < place.gap) place.gap = since;
}
