import type { Adapter } from "./adapter.ts";
import type { Life } from "./life.ts";
import type { Conversation } from "./message.ts";
import type { Context } from "./plugin.ts";
import type { Steps } from "./steps.ts";

/** Where a job is at home, for what it asks of the platform there. */
export interface Place {
  readonly adapter: Adapter;
  readonly conversation: Conversation;
  readonly steps: Steps;
  readonly life: Life;
  track<T>(promise: Promise<T>): Promise<T>;
}

type Ability<K extends "typing" | "user" | "history" | "threads" | "mute" | "download"> = NonNullable<Context[K]>;

// Absent where the platform cannot, as their types say to the author.
const ABSENT = undefined as never;

export function typingAt(place: Place | undefined): Ability<"typing"> {
  if (place?.adapter.typing === undefined) return ABSENT;
  const { adapter, conversation, track } = place;
  // A sign of life is worth no attempt: it may fail, and it may be given again.
  return () => track(adapter.typing!(conversation).catch(() => {}));
}

export function userAt(place: Place | undefined): Ability<"user"> {
  if (place?.adapter.user === undefined) return ABSENT;
  const { adapter, conversation, track } = place;
  return (id) => track(adapter.user!(id, conversation.account));
}

export function historyAt(place: Place | undefined): Ability<"history"> {
  if (place?.adapter.history === undefined) return ABSENT;
  const { adapter, conversation } = place;
  return (since) => adapter.history!(conversation, since);
}

export function threadsAt(place: Place | undefined): Ability<"threads"> {
  if (place?.adapter.threads === undefined) return ABSENT;
  const { adapter, conversation, life } = place;
  const { account } = conversation;
  return (query) => adapter.threads!({ ...(account !== undefined && { account }), signal: life.signal, ...query });
}

export function muteAt(place: Place | undefined): Ability<"mute"> {
  if (place?.adapter.mute === undefined) return ABSENT;
  const { adapter, conversation, steps, track } = place;
  return (link, person) => {
    const call = () => adapter.mute!(link, { account: conversation.account, person });
    return track(steps.call(`mute:${person}:${link}`, { adapter, to: conversation, call }));
  };
}

export function downloadAt(place: Place | undefined): Ability<"download"> {
  if (place?.adapter.download === undefined) return ABSENT;
  const { adapter, conversation, track } = place;
  return (file, options = {}) => track(adapter.download!(file, { account: conversation.account, ...options }));
}
