import type { Muted } from "../../core/index.ts";
import { unless } from "../shared/failure.ts";
import type { Api } from "./client.ts";
import { INVALID_TOKEN, NOT_FOUND } from "./failure.ts";
import type { Identity } from "./identity.ts";
import { wireId } from "./place.ts";
import type { UserTokens } from "./tokens.ts";

// Twist mutes for a time only: ten years.
const MINUTES = 5_256_000;

/** Mutes a thread, given by its address, for a person: with their own token where they have let the bot in, else with the adapter's. */
export async function muteThread(
  { api, identity, tokens }: { readonly api: Api; readonly identity: Identity; readonly tokens: UserTokens },
  link: string,
  { account, person }: { readonly account: string; readonly person: string },
): Promise<Muted> {
  const thread = threadIn(link);
  if (thread === undefined) return "no thread";
  const mute = (token?: string) => api.post("threads/mute", { id: wireId(thread), minutes: MINUTES }, { token });
  const isKnown = (call: () => Promise<unknown>) => unless(NOT_FOUND, call).then((answer) => answer !== undefined);

  const token = await tokens.get(account, person);
  if (token !== undefined) {
    const found = await unless(INVALID_TOKEN, () => isKnown(() => mute(token)));
    if (found !== undefined) return found ? "person" : "no thread";
    await tokens.drop(account, person);
  }
  if (!(await isKnown(mute))) return "no thread";
  return identity.ownerId === person ? "person" : "bot";
}

/** The thread of an address such as https://twist.com/a/1585/ch/140545/t/1335288/. */
function threadIn(link: string): string | undefined {
  const url = URL.parse(link);
  if (url === null || !/(?:^|\.)twist(?:app)?\.com$/.test(url.hostname)) return undefined;
  return /^\/a\/\d+\/(?:[a-z]+\/\d+\/)*?t\/(\d+)(?:\/|$)/.exec(url.pathname)?.[1];
}
