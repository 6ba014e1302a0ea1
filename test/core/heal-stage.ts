import type { Conversation, HistoryOptions, Message } from "../../src/core/index.ts";
import { createFakeClock, type FakeClock } from "../../src/testing/clock.ts";
import { START } from "../storage/desk.ts";
import {
  type BotStage,
  type BotStageOptions,
  keptStorage,
  message,
  openBot,
  type Platform,
  type PlatformOptions,
  platform,
} from "./stage.ts";

/** A platform that keeps what is said, whoever hears it. */
export interface Archive {
  readonly said: Message[];
  /** Every reading: where, since when. */
  readonly readings: { readonly conversation: Conversation; readonly since: number; readonly options: unknown }[];
  /** What a reading fails with, one after the other. */
  readonly failures: unknown[];
  /** Runs before a reading goes on. */
  before?: ((conversation: Conversation) => unknown) | undefined;
  /** Somebody says something, now. */
  say(text: string, more?: Partial<Message>): Message;
  /** An adapter for it. */
  platform(more?: PlatformOptions): Platform;
}

export function createArchive(clock: FakeClock): Archive {
  const archive: Archive = {
    said: [],
    readings: [],
    failures: [],
    say(text, more = {}) {
      const said = message(text, { sentAt: new Date(clock.now()).toISOString(), ...more });
      archive.said.push(said);
      return said;
    },
    platform: (more = {}) =>
      platform("test", {
        ...more,
        async *history(conversation: Conversation, since: number, options?: HistoryOptions) {
          archive.readings.push({ conversation, since, options });
          await archive.before?.(conversation);
          const failure = archive.failures.shift();
          if (failure !== undefined) throw failure;
          for (const each of archive.said) {
            const { id, thread = undefined } = each.conversation;
            // A channel's top level, or one thread with the message that begins it.
            const isThere = conversation.thread === undefined ? thread === each.id : thread === conversation.thread;
            if (id === conversation.id && isThere && Date.parse(each.sentAt) > since) yield each;
          }
        },
      }),
  };
  return archive;
}

/** A storage and a platform that outlive the bots of a test. */
export async function openLife() {
  const clock = createFakeClock(START);
  const kept = await keptStorage();
  const archive = createArchive(clock);
  return {
    clock,
    archive,
    storage: kept.storage,
    /** A bot that knows of what was before it. */
    bot(plugins: Parameters<typeof openBot>[0], options: BotStageOptions = {}): Promise<BotStage> {
      return openBot(plugins, { clock, storage: kept.storage, adapters: [archive.platform()], ...options });
    },
    end: () => kept.end(),
    [Symbol.asyncDispose]: () => kept.end(),
  };
}

/** The texts that the bot's platform was given. */
export const textsOf = ({ bot }: BotStage): readonly string[] => (bot.adapters[0] as Platform).texts;
