import { type Context, type Conversation, type Event, fill, type Job, type PluginBot } from "../../core/index.ts";
import { rootOf } from "./auth.ts";
import { type Cases, createCases } from "./cases.ts";
import { createZendesk, type Zendesk } from "./client.ts";
import type { Options } from "./options.ts";
import type { Texts } from "./texts.ts";

/** A handler's context, whatever it handles. */
export type AnyContext = Context<Event | undefined, unknown>;
/** Of a handler that an event began. */
export type EventContext = Context<Event, unknown>;

/** What every part of the plugin works with. */
export interface Desk {
  readonly bot: PluginBot;
  readonly options: Options;
  readonly cases: Cases;
  zendesk(signal: AbortSignal): Zendesk;
  /** Where people read the ticket. */
  urlOf(ticket: string): string;
  /** One of the plugin's texts about a ticket. */
  say(text: keyof Texts, ticket: string, values?: Readonly<Record<string, string>>): string;
  /** What comments call the platform of this event. */
  platformOf(ctx: AnyContext): string;
}

/** A job that reads a ticket's new comments. */
export type PullJob = Job<{ readonly ticket: string }>;

/** A message that was taken before. */
export interface Waiting {
  /** How often it has waited for the first message of its thread. */
  readonly waits: number;
}

/** The plugin's jobs, as far as others queue them. */
export interface Jobs {
  readonly pull: PullJob;
  /** Takes a message in a lane of its own. */
  readonly later: Job<Waiting>;
  /** Posts the report about one channel, or about each. */
  readonly report: Job<{ readonly place?: Conversation }>;
}

export function createDesk(bot: PluginBot, options: Options): Desk {
  const now = () => bot.now();
  const ticketUrl = (
    options.ticketUrl ??
    `${options.subdomain ? `https://${options.subdomain}.zendesk.com` : rootOf(options)}/agent/tickets`
  ).replace(/\/+$/, "");
  const urlOf = (ticket: string) => `${ticketUrl}/${ticket}`;
  return {
    bot,
    options,
    cases: createCases(bot.store, now),
    zendesk: createZendesk(options, { vault: bot.vault, now }),
    urlOf,
    say: (text, ticket, values = {}) => fill(options.texts[text], { url: urlOf(ticket), ...values }),
    platformOf({ platform }) {
      const { platformNames } = options;
      if (Object.hasOwn(platformNames, platform)) return platformNames[platform]!;
      return platform.charAt(0).toUpperCase() + platform.slice(1);
    },
  };
}

/** Jobs of one ticket come to the conversation in order. */
export const laneOf = (ticket: string): string => `ticket/${ticket}`;

/**
 * To be called before what must not be done twice: notes that it is begun, with what it is to be done with.
 * @returns the same in every run of the job; `isAgain` when an earlier run may have done it, so that one has to look first
 */
export async function begin<T>(
  ctx: AnyContext,
  act: string,
  make: () => T | Promise<T>,
): Promise<{ readonly isAgain: boolean; readonly given: T }> {
  let isAgain = true;
  const given = await ctx.once(`begin ${act}`, () => {
    isAgain = false;
    return make();
  });
  return { isAgain, given };
}
