import { type Context, type Event, HobnobError, RateLimitError, type Thread } from "../../core/index.ts";
import type { Question } from "./question.ts";

/** What was found of somebody's threads. */
export interface Found {
  readonly threads: readonly Thread[];
  /** Names of channels that could not be read. */
  readonly unread: readonly string[];
  /** There was no time for all channels. */
  readonly isCut: boolean;
}

const DAY_MS = 86_400_000;

/** Reads a person's stale threads through their own eyes, for at most `patience` ms. */
export async function findThreads(
  ctx: Pick<Context<Event | undefined, unknown>, "threads" | "signal">,
  asked: Question & { readonly person: string; readonly now: number; readonly patience: number },
): Promise<Found> {
  const { person, which, now } = asked;
  const threads: Thread[] = [];
  const unread: string[] = [];
  const enough = AbortSignal.timeout(asked.patience);
  const signal = AbortSignal.any([ctx.signal, enough]);
  const query = { viewer: person, updatedFrom: now - asked.to * DAY_MS, updatedTo: now - asked.from * DAY_MS, signal };
  try {
    for await (const found of ctx.threads!(query)) {
      if ("error" in found) unread.push(found.channel);
      else if (!found.isClosed && isMeant(found, which, person)) threads.push(found);
    }
  } catch (error) {
    if (enough.aborted && !ctx.signal.aborted) return { threads, unread, isCut: true };
    if (!(error instanceof RateLimitError)) throw error;
    // A limit uses no attempt, but somebody waits here: after a few of them, or a long one, they are to be told.
    const { code, message, retryAfter } = error;
    throw new HobnobError(code, message, { cause: error, retryAfter, permanent: retryAfter > asked.patience });
  }
  return { threads, unread, isCut: false };
}

function isMeant({ creator, participants = [creator], lastAuthor }: Thread, which: Question["which"], person: string) {
  return which === "mine" ? creator === person : participants.includes(person) && lastAuthor !== person;
}
