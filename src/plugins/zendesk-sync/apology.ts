import type { Event } from "../../core/index.ts";
import type { Desk, EventContext } from "./desk.ts";
import { ZendeskError } from "./failure.ts";

/** Runs a handler; says in its conversation, once, when Zendesk fails. The handler is tried again all the same. */
export async function apologise(ctx: EventContext, desk: Desk, run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (error) {
    // Not as a reply of this job: the next attempt may have other things to say, and a run that fails defers nothing.
    if (error instanceof ZendeskError) {
      const { bot, options } = desk;
      await bot.send(ctx.event.conversation, options.texts.apiError, { key: `apology/${nameOf(ctx.event)}` });
    }
    throw error;
  }
}

function nameOf({ kind, id, sentAt, conversation: { adapter, account = "", id: place } }: Event): string {
  return [adapter, account, place, kind, id, sentAt].map(encodeURIComponent).join("/");
}
