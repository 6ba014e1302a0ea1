import {
  type AdapterHost,
  errorMessage,
  HobnobError,
  RateLimitError,
  type Thread,
  type ThreadQuery,
  type UnreadChannel,
} from "../../core/index.ts";
import { unless } from "../shared/failure.ts";
import { type Fields, isFields } from "../shared/fields.ts";
import type { Api, ReadOptions } from "./client.ts";
import { INVALID_TOKEN } from "./failure.ts";
import type { Identity } from "./identity.ts";
import { idOf } from "./parse.ts";
import { permalinkOf, wireId } from "./place.ts";
import type { UserTokens } from "./tokens.ts";

// The most that Twist gives at once.
const PAGE = 500;
const MOST_PAGES = 40;
const CONCURRENCY = 4;
const TRIES = 3;
const LONGEST_PAUSE_MS = 20_000;
const PAUSE_MS = 250;

/** Threads of a channel last updated about from `from` to `to` (ms since 1970), the latest first: whoever needs the bounds exact looks again. */
export async function* readThreads(
  api: Pick<Api, "get">,
  query: {
    readonly channel: string;
    readonly from: number;
    readonly to: number | undefined;
    /** There are more than are read. */
    readonly onLimit?: (() => void) | undefined;
  } & ReadOptions,
): AsyncGenerator<Fields> {
  const { channel, from, to, onLimit, ...options } = query;
  const seen = new Set<string>();
  // Twist does not say whether its bounds are included.
  const newest = Math.floor(from / 1000) - 1;
  let oldest = to === undefined ? undefined : Math.ceil(to / 1000) + 1;
  for (let pages = 0; pages < MOST_PAGES; pages++) {
    const answer = await api.get(
      "threads/get",
      { channel_id: wireId(channel), newer_than_ts: Math.max(0, newest), older_than_ts: oldest, limit: PAGE },
      options,
    );
    const threads = (Array.isArray(answer) ? answer : []).filter(isFields);
    const fresh = threads.filter((thread) => {
      const id = idOf(thread.id);
      return id !== undefined && !seen.has(id) && seen.add(id);
    });
    yield* fresh;
    const last = Math.min(...threads.map((thread) => updatedAt(thread) ?? Number.POSITIVE_INFINITY)) / 1000;
    if (threads.length < PAGE || !Number.isFinite(last)) return;
    // Threads of one second may be on two pages.
    oldest = fresh.length > 0 ? last + 1 : last;
  }
  onLimit?.();
}

/** Lists threads channel by channel, in Twist's order; a channel that cannot be read is named with the reason. */
export async function* listThreads(
  connection: {
    readonly api: Api;
    readonly host: AdapterHost;
    readonly name: string;
    readonly tokens: UserTokens;
    readonly identity: Identity;
  },
  query: ThreadQuery & { readonly account: string },
): AsyncGenerator<Thread | UnreadChannel> {
  const { api, host, name, tokens, identity } = connection;
  const { account, viewer, updatedFrom: from, updatedTo: to } = query;
  const { default: PQueue } = await import("p-queue");
  const ending = new AbortController();
  const signal = query.signal ? AbortSignal.any([query.signal, ending.signal]) : ending.signal;
  const patient: Pick<Api, "get"> = {
    get: (call, asked, options) => retrying(() => api.get(call, asked, options), { host, signal }),
  };
  const listChannels = (token?: string) =>
    patient.get("channels/get", { workspace_id: wireId(account) }, { token, signal });

  let token = viewer === undefined ? undefined : await tokens.get(account, viewer);
  const seen = token === undefined ? undefined : await unless(INVALID_TOKEN, () => listChannels(token));
  if (seen === undefined && token !== undefined && viewer !== undefined) {
    // The person has taken it back: from now on they see what the bot sees.
    await tokens.drop(account, viewer);
    token = undefined;
  }
  const answer = seen ?? (await listChannels());
  const channels = (Array.isArray(answer) ? answer : [])
    .filter(isFields)
    .filter(({ archived, is_archived }) => !archived && !is_archived);

  async function readChannel(channel: Fields): Promise<readonly (Thread | UnreadChannel)[]> {
    const id = idOf(channel.id);
    const title = typeof channel.name === "string" ? channel.name : (id ?? "");
    const isOwnView = viewer === undefined || token !== undefined || identity.ownerId === viewer;
    const isSeen = isOwnView || isOpenTo(channel, viewer);
    if (id === undefined || isSeen === false) return [];
    try {
      const found: Thread[] = [];
      for await (const thread of readThreads(patient, { channel: id, from, to, token, signal })) {
        const listed = parseThread(thread, { adapter: name, account, channel: id, title });
        if (listed === undefined || listed.updatedAt < from || to < listed.updatedAt) continue;
        found.push(isSeen === undefined ? { ...listed, isBotsView: true } : listed);
      }
      return found;
    } catch (error) {
      if (signal.aborted) throw error;
      return [{ channel: title, error: asHobnobError(error) }];
    }
  }

  const queue = new PQueue({ concurrency: CONCURRENCY });
  try {
    const reading = channels.map((channel) => queue.add(() => readChannel(channel), { signal }));
    // Each is awaited in its turn; what fails before its turn must not count as unhandled.
    for (const one of reading) one.catch(() => {});
    for (const one of reading) yield* await one;
  } finally {
    ending.abort();
    queue.clear();
  }
}

/** May this person read the channel? Undefined when Twist does not tell. */
function isOpenTo({ public: isPublic, user_ids: members }: Fields, person: string): boolean | undefined {
  if (isPublic === true) return true;
  return Array.isArray(members) ? members.some((id) => idOf(id) === person) : undefined;
}

function parseThread(
  thread: Fields,
  place: { readonly adapter: string; readonly account: string; readonly channel: string; readonly title: string },
): Thread | undefined {
  const id = idOf(thread.id);
  const creator = idOf(thread.creator);
  const updated = updatedAt(thread);
  if (id === undefined || creator === undefined || updated === undefined || thread.is_archived) return undefined;
  const { adapter, account, channel } = place;
  const conversation = { adapter, account, id: channel, thread: id, isDirect: false };
  const permalink = permalinkOf({ id, conversation });
  const lastAuthor = idOf(thread.snippet_creator);
  return {
    conversation,
    title: typeof thread.title === "string" ? thread.title : "",
    channel: place.title,
    creator,
    updatedAt: updated,
    // Absent and null mean open.
    isClosed: thread.closed === true || thread.closed === 1,
    ...(permalink !== undefined && { permalink: `${permalink}/` }),
    ...(Array.isArray(thread.participants) && {
      participants: thread.participants.flatMap((each) => idOf(each) ?? []),
    }),
    ...(lastAuthor !== undefined && { lastAuthor }),
  };
}

function updatedAt({ last_updated_ts }: Fields): number | undefined {
  return typeof last_updated_ts === "number" ? last_updated_ts * 1000 : undefined;
}

/** Reading does no harm, so it is tried again after a pause, but not for longer than somebody waits. */
async function retrying<T>(
  call: () => Promise<T>,
  { host, signal }: { readonly host: AdapterHost; readonly signal: AbortSignal },
): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await call();
    } catch (error) {
      const pause = error instanceof RateLimitError ? error.retryAfter : PAUSE_MS * tries;
      const isFinal = error instanceof HobnobError && error.permanent;
      if (isFinal || tries === TRIES || pause > LONGEST_PAUSE_MS || signal.aborted) throw error;
      await sleep(pause, { host, signal });
    }
  }
}

function sleep(
  ms: number,
  { host, signal }: { readonly host: AdapterHost; readonly signal: AbortSignal },
): Promise<void> {
  return new Promise((resolve) => {
    const wake = () => {
      cancel();
      signal.removeEventListener("abort", wake);
      resolve();
    };
    const cancel = host.clock.after(ms, wake);
    signal.addEventListener("abort", wake);
  });
}

function asHobnobError(error: unknown): HobnobError {
  return error instanceof HobnobError ? error : new HobnobError("DELIVERY_FAILED", errorMessage(error));
}
