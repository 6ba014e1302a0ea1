import type { WebClient } from "@slack/web-api";
import {
  type Clock,
  type Conversation,
  errorCode,
  errorMessage,
  HobnobError,
  RateLimitError,
  type Thread,
  type ThreadQuery,
  type UnreadChannel,
} from "../../core/index.ts";
import { type Fields, isFields } from "../shared/fields.ts";
import { conversationOf } from "./conversation.ts";
import { readText } from "./text.ts";

/** What listing threads needs to know. */
export interface ThreadReading {
  readonly web: WebClient;
  readonly adapter: string;
  readonly clock: Clock;
  /** The emoji under a thread's first message that says it is closed. */
  readonly closedReaction: string;
}

interface Channel {
  readonly id: string;
  readonly name: string;
  readonly isPrivate: boolean;
}

// A thread stands in the channel's history where it began, which may be long before its last message.
const LOOK_BACK = 60 * 24 * 3_600_000;
const PAGE = 200;
const LONGEST_WAIT = 30_000;
const MOST_WAITS = 5;

/**
 * Threads with answers of the channels that the bot is in, by their last answer; begun at most 60 days before the time asked for.
 * Slack keeps no tokens of people here: private channels that the viewer is not in are left out instead.
 */
export async function* readThreads(reading: ThreadReading, query: ThreadQuery): AsyncGenerator<Thread | UnreadChannel> {
  const { web } = reading;
  const ask = patiently(reading.clock, query.signal);
  const { url: workspace } = await ask(() => web.auth.test());
  let limit: RateLimitError | undefined;
  for await (const channel of readChannels(web, ask)) {
    query.signal?.throwIfAborted();
    // The limit is on the method, so it holds for the other channels too.
    if (limit !== undefined) {
      yield { channel: channel.name, error: limit };
      continue;
    }
    try {
      if (!(await maySee(channel, query.viewer, { web, ask }))) continue;
      for await (const root of readRoots(channel, query, { web, ask })) {
        const thread = toThread(root, { channel, workspace, reading, query });
        if (thread !== undefined) yield thread;
      }
    } catch (error) {
      if (query.signal?.aborted) throw error;
      if (error instanceof RateLimitError) limit = error;
      yield { channel: channel.name, error: asOurs(error) };
    }
  }
}

type Ask = <T>(call: () => Promise<T>) => Promise<T>;

/** Makes calls that wait for short rate limits. A long one, as apps outside of the Marketplace have it, is thrown. */
function patiently(clock: Clock, signal: AbortSignal | undefined): Ask {
  return async (call) => {
    for (let waits = 0; ; waits++) {
      try {
        return await call();
      } catch (error) {
        if (!(error instanceof RateLimitError) || error.retryAfter > LONGEST_WAIT || waits === MOST_WAITS) throw error;
        await sleep(clock, error.retryAfter, signal);
      }
    }
  };
}

async function* readChannels(web: WebClient, ask: Ask): AsyncGenerator<Channel> {
  const types = "public_channel,private_channel";
  let cursor: string | undefined;
  do {
    const more = cursor === undefined ? {} : { cursor };
    const page = await ask(() => web.users.conversations({ types, exclude_archived: true, limit: PAGE, ...more }));
    for (const { id, name, is_private } of page.channels ?? []) {
      if (id !== undefined) yield { id, name: name ?? id, isPrivate: is_private === true };
    }
    cursor = page.response_metadata?.next_cursor || undefined;
  } while (cursor !== undefined);
}

interface Asking {
  readonly web: WebClient;
  readonly ask: Ask;
}

async function maySee(channel: Channel, viewer: string | undefined, { web, ask }: Asking): Promise<boolean> {
  if (viewer === undefined || !channel.isPrivate) return true;
  let cursor: string | undefined;
  do {
    const more = cursor === undefined ? {} : { cursor };
    const page = await ask(() => web.conversations.members({ channel: channel.id, limit: PAGE, ...more }));
    if (page.members?.includes(viewer)) return true;
    cursor = page.response_metadata?.next_cursor || undefined;
  } while (cursor !== undefined);
  return false;
}

async function* readRoots(
  channel: Channel,
  { updatedFrom, updatedTo }: ThreadQuery,
  { web, ask }: Asking,
): AsyncGenerator<Fields> {
  const span = {
    oldest: (Math.max(updatedFrom - LOOK_BACK, 0) / 1000).toFixed(6),
    latest: (updatedTo / 1000).toFixed(6),
    inclusive: true,
  };
  let cursor: string | undefined;
  do {
    const more = cursor === undefined ? {} : { cursor };
    const page = await ask(() => web.conversations.history({ channel: channel.id, limit: PAGE, ...span, ...more }));
    const messages: readonly unknown[] = page.messages ?? [];
    yield* messages.filter(isFields);
    cursor = page.response_metadata?.next_cursor || undefined;
  } while (cursor !== undefined);
}

/** The thread that a message began; undefined when it began none, or one that was last updated at another time. */
function toThread(
  root: Fields,
  where: {
    readonly channel: Channel;
    readonly workspace: string | undefined;
    readonly reading: ThreadReading;
    readonly query: ThreadQuery;
  },
): Thread | undefined {
  const { ts, latest_reply: latest } = root;
  if (typeof ts !== "string" || typeof latest !== "string") return undefined;
  const updatedAt = Math.floor(Number(latest) * 1000);
  const { channel, workspace, reading, query } = where;
  if (!(updatedAt >= query.updatedFrom && updatedAt <= query.updatedTo)) return undefined;
  const conversation: Conversation = conversationOf({
    adapter: reading.adapter,
    account: query.account,
    id: channel.id,
    thread: ts,
    isDirect: false,
  });
  return {
    conversation,
    title: titleOf(root),
    channel: channel.name,
    creator: String(root.user ?? root.bot_id ?? ""),
    updatedAt,
    isClosed: reactionsOf(root).includes(reading.closedReaction),
    participants: participantsOf(root),
    ...(workspace && { permalink: `${workspace}archives/${channel.id}/p${ts.replace(".", "")}` }),
  };
}

function participantsOf({ user, reply_users: repliers }: Fields): readonly string[] {
  return [user, ...(Array.isArray(repliers) ? repliers : [])].filter((id) => typeof id === "string");
}

const LONGEST_TITLE = 80;

function titleOf({ text }: Fields): string {
  const whole = readText(typeof text === "string" ? text : "", () => false).text.trim();
  const line = whole.split("\n", 1)[0]!.trim();
  return line.length > LONGEST_TITLE ? `${line.slice(0, LONGEST_TITLE - 1)}…` : line;
}

function reactionsOf({ reactions }: Fields): readonly unknown[] {
  return Array.isArray(reactions) ? reactions.filter(isFields).map(({ name }) => name) : [];
}

function asOurs(error: unknown): HobnobError {
  return error instanceof HobnobError
    ? error
    : new HobnobError(errorCode(error), errorMessage(error), { cause: error });
}

function sleep(clock: Clock, ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      cancel();
      reject(signal?.reason);
    };
    const cancel = clock.after(ms, () => {
      signal?.removeEventListener("abort", stop);
      resolve();
    });
    signal?.addEventListener("abort", stop, { once: true });
  });
}
