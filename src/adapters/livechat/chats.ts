import {
  type AdapterHost,
  createTurns,
  DeliveryError,
  errorCode,
  errorMessage,
  HobnobError,
} from "../../core/index.ts";
import { isRefused, notSent } from "../shared/failure.ts";
import { type Api, readText } from "./client.ts";
import type { ChatEvent } from "./render.ts";
import type { Sessions } from "./sessions.ts";
import type { Place, Visits } from "./visits.ts";

/** How the bot speaks in chats. Of one chat, one thing at a time. */
export interface Chats {
  /** Enters so that only the staff sees it, says it to the staff, and leaves. @returns the id of the last event */
  whisper(place: Place, events: readonly ChatEvent[]): Promise<string>;
  /** Says it to everybody: enters, or opens the chat again, where that is needed. @returns the id of the last event */
  speak(place: Place, events: readonly ChatEvent[]): Promise<string>;
  /** Of the reply with this ref so many events are out already, as it turned out. */
  goOn(ref: string, sent: number): Promise<void>;
  /** Is the bot in this chat only for a whisper? */
  isVisiting(place: Place): boolean;
  /** The same, where another process of the bot may be the one that whispers. */
  isVisited(place: Place): Promise<boolean>;
  /** Leaves a chat that an earlier visit has left open. */
  finish(place: Place): void;
  /** The same for all chats that were open when the process ended. */
  finishAll(): Promise<void>;
  stop(): void;
}

export interface ChatsOptions {
  readonly adapter: string;
  readonly api: Api;
  readonly sessions: Sessions;
  readonly visits: Visits;
  readonly host: Pick<AdapterHost, "clock" | "log" | "store">;
}

const FIRST_DELAY = 5000;
const LONGEST_DELAY = 600_000;
const MOST_REMEMBERED = 10_000;
// Longer than a job is tried again.
const SENT_TTL = "7d";
// What LiveChat says to somebody who is not in the chat, or in it for the staff only.
const OUTSIDE = ["not_in_chat", "missing_access", "authorization"];
const NOTHING_TO_LEAVE = ["not_in_chat", "not_found", "chat_inactive"];

export function createChats({ adapter, api, sessions, visits, host }: ChatsOptions): Chats {
  const { clock, log, store } = host;
  const inTurn = createTurns();
  const visiting = new Set<string>();
  /** Chats that the bot has joined for everybody to see; forgotten ones are joined again, which does no harm. */
  const members = new Set<string>();
  const waiting = new Map<string, () => void>();
  let isStopped = false;

  const keyOf = ({ account, chat }: Place) => JSON.stringify([account, chat]);

  function act(account: string, method: string, body: (botId: string) => object) {
    return sessions.asBot(account, ({ bot }) => api.agent(bot.token, method, body(bot.id)));
  }

  const join = ({ account, chat }: Place, visibility: "all" | "agents") =>
    act(account, "add_user_to_chat", (botId) => ({
      chat_id: chat,
      user_id: botId,
      user_type: "agent",
      visibility,
      ignore_requester_presence: true,
    }));

  /** What of a reply was sent before something came in between is not sent again. */
  async function post({ account, chat }: Place, events: readonly ChatEvent[]): Promise<string> {
    const ref = events.at(-1)?.custom_id ?? "";
    let lastId = "";
    // The next attempt may run in another process.
    const begun = events.length > 1 ? await store.get<number>(sentKey(ref)) : undefined;
    for (let next = begun ?? 0; next < events.length; next++) {
      const answer = await act(account, "send_event", () => ({ chat_id: chat, event: events[next] }));
      lastId = readText(answer, "event_id");
      if (next + 1 < events.length) await noteSent(ref, next + 1);
    }
    return lastId;
  }

  /** Never throws: what was said is said. */
  async function noteSent(ref: string, sent: number): Promise<void> {
    await store.set(sentKey(ref), sent, { ttl: SENT_TTL }).catch((error: unknown) => {
      log.warn({ adapter, code: errorCode(error) }, "a part of a reply was sent, but could not be remembered");
    });
  }

  /** Never throws: what was said is said. A leave that fails is made again. */
  async function leave(place: Place, delay = FIRST_DELAY): Promise<void> {
    const { account, chat } = place;
    const end = () => visits.end(place).catch(() => leaveLater(place, delay));
    try {
      await act(account, "remove_user_from_chat", (botId) => ({
        chat_id: chat,
        user_id: botId,
        user_type: "agent",
        ignore_requester_presence: true,
      }));
      await end();
    } catch (error) {
      const isDone = isRefused(error, ...NOTHING_TO_LEAVE);
      const isHopeless = error instanceof HobnobError && error.permanent;
      if (isDone || isHopeless) await end();
      else await comeBack(place, delay);
      if (isDone) return;
      log.warn(
        { adapter, account, conversation: chat, code: errorCode(error), reason: errorMessage(error) },
        isHopeless
          ? "the bot cannot leave a chat; remove it by hand"
          : "the bot could not leave a chat; it tries again",
      );
    }
  }

  async function comeBack(place: Place, delay: number): Promise<void> {
    // Where that cannot be written, others think of this process a little longer.
    await visits.putOff(place).catch(() => {});
    leaveLater(place, delay);
  }

  function leaveLater(place: Place, delay: number): void {
    if (isStopped) return;
    const key = keyOf(place);
    waiting.get(key)?.();
    const cancel = clock.after(delay, () => {
      waiting.delete(key);
      leaveIfDue(place, Math.min(delay * 4, LONGEST_DELAY));
    });
    waiting.set(key, cancel);
  }

  function leaveIfDue(place: Place, nextDelay?: number): void {
    inTurn(keyOf(place), async () => {
      if (!isStopped) await leaveWhatIsDue(place, nextDelay);
    }).catch((error: unknown) => log.warn({ adapter, code: errorCode(error) }, "a visit to a chat could not be ended"));
  }

  async function leaveWhatIsDue(place: Place, nextDelay?: number): Promise<void> {
    if (!(await visits.isDue(place))) return;
    // Another process may just be whispering; then there is nothing to do.
    if (await visits.begin(place)) await leave(place, nextDelay);
    else await visits.end(place);
  }

  /** @returns true when the bot is in the chat for this whisper only, so that it has to leave */
  async function enter(place: Place): Promise<boolean> {
    const wasDue = await visits.begin(place);
    try {
      await join(place, "agents");
      return true;
    } catch (error) {
      if (isRefused(error, "already_in_chat")) {
        if (!wasDue) await visits.end(place);
        return wasDue;
      }
      // Nobody knows whether the bot is inside now.
      if (wasDue || (error instanceof DeliveryError && error.maybeSent)) await comeBack(place, FIRST_DELAY * 4);
      else await visits.end(place);
      throw notSent(error);
    }
  }

  /** For everybody to see. The bot then stays, as an agent would. */
  async function enterOpenly(place: Place): Promise<void> {
    // Still there from a whisper, the bot would be heard by the staff only.
    await leaveWhatIsDue(place);
    await join(place, "all").catch((error: unknown) => {
      if (!isRefused(error, "already_in_chat")) throw notSent(error);
    });
    if (members.size >= MOST_REMEMBERED) members.clear();
    members.add(keyOf(place));
  }

  /** The customer finds the answer where the question was. */
  async function reopen({ account, chat }: Place): Promise<void> {
    await act(account, "resume_chat", () => ({ chat: { id: chat } })).catch((error: unknown) => {
      throw notSent(error);
    });
  }

  return {
    isVisiting: (place) => visiting.has(keyOf(place)),
    isVisited: async (place) => visiting.has(keyOf(place)) || (await visits.isDue(place)),
    goOn: noteSent,
    finish: leaveIfDue,

    whisper(place, events) {
      const key = keyOf(place);
      return inTurn(key, async () => {
        visiting.add(key);
        try {
          const isGuest = await enter(place);
          try {
            return await post(place, events);
          } finally {
            if (isGuest) await leave(place);
          }
        } finally {
          visiting.delete(key);
        }
      });
    },

    speak: (place, events) =>
      inTurn(keyOf(place), async () => {
        let mayOpen = true;
        let mayEnter = true;
        for (;;) {
          try {
            if (!members.has(keyOf(place))) await enterOpenly(place);
            return await post(place, events);
          } catch (error) {
            if (mayOpen && isRefused(error, "chat_inactive")) {
              mayOpen = false;
              await reopen(place);
            } else if (mayEnter && members.delete(keyOf(place)) && isRefused(error, ...OUTSIDE)) {
              mayEnter = false;
            } else throw error;
          }
        }
      }),

    async finishAll() {
      for (const place of await visits.due()) leaveIfDue(place);
    },

    stop() {
      isStopped = true;
      for (const cancel of waiting.values()) cancel();
      waiting.clear();
      visits.stop();
    },
  };
}

const sentKey = (ref: string) => `sent:${ref}`;
