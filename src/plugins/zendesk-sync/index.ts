import { type Context, type Conversation, definePlugin, type Event } from "../../core/index.ts";
import { apologise } from "./apology.ts";
import { warnOfApiToken } from "./auth.ts";
import { type AnyContext, createDesk, type EventContext, type Jobs, laneOf, type Waiting } from "./desk.ts";
import { createFilters } from "./filters.ts";
import { addInstallPages } from "./install.ts";
import { announceMail } from "./mail.ts";
import { missingNames, options } from "./options.ts";
import { pullNews } from "./pull.ts";
import { renderReport } from "./report.ts";
import { takeChange, takeMessage, takeReaction } from "./take.ts";
import { withDashes } from "./texts.ts";
import { unitOf } from "./unit.ts";
import { createWebhook, type Hook } from "./webhook.ts";

export { HELLO_LONG } from "./texts.ts";

/**
 * Makes a Zendesk ticket of every message in the conversations it watches, and keeps thread and ticket in step, both ways.
 *
 * @example
 * plugins: [zendeskSync({ subdomain: "acme", oauthToken, webhookSecret, channels: ["C024BE91L"], group: "4711" })]
 */
export const zendeskSync = definePlugin({
  name: "zendesk-sync",
  options,
  service: { platform: "zendesk", webhook: "/zendesk/webhook", missing: missingNames },
  setup(bot, options) {
    warnOfApiToken(options, bot.log);
    const { attempts, backoff, texts, webhookSecret: secret, webhookToken: token } = options;
    const desk = createDesk(bot, options);
    const wants = createFilters(options);
    const retry = { attempts, backoff: { delay: backoff }, timeout: "5m" } as const;
    const failed = (ctx: AnyContext) => ctx.reply(texts.gaveUp);

    const pull = bot.job<{ readonly ticket: string }>("pull", (ctx) => pullNews(ctx, desk, ctx.payload.ticket), retry);
    const mail = bot.job<{ readonly ticket: string }>(
      "mail",
      (ctx) => announceMail(ctx, desk, ctx.payload.ticket, pull),
      retry,
    );
    const report = bot.job<{ readonly place?: Conversation }>("report", async (ctx) => {
      const { place } = ctx.payload;
      for (const each of place === undefined ? await desk.cases.places() : [place]) {
        if (each.isDirect) continue;
        const ledger = await desk.cases.ledger(each);
        await ctx.send(each, withDashes(renderReport(texts, ledger, { now: desk.bot.now(), urlOf: desk.urlOf })));
      }
    });
    const later = bot.job<Waiting, Event>("message", (ctx) => take(ctx, ctx.event, ctx.payload.waits), {
      ...retry,
      failed,
    });
    const jobs: Jobs = { pull, report, later };

    async function take(ctx: EventContext, message: Event, waits: number): Promise<void> {
      if (message.kind !== "message") return;
      await apologise(ctx, desk, () => takeMessage(ctx, desk, { message, waits, jobs }));
    }

    const messageOptions = { ...retry, failed, accepts: wants.message, bots: options.bots.length > 0 };
    bot.on(
      "message",
      (ctx) => {
        const { key, isFlat } = unitOf(ctx.message);
        const { thread } = ctx.message.conversation;
        // Its lane is that of the thread, and here the ticket is that of the person.
        if (isFlat && thread !== undefined) return ctx.defer(later, { waits: 0 }, { lane: key });
        return take(ctx, ctx.message, 0);
      },
      messageOptions,
    );
    for (const kind of ["edited", "deleted"] as const) {
      bot.on(kind, (ctx) => apologise(ctx, desk, () => takeChange(ctx, desk, ctx.event)), {
        ...retry,
        accepts: wants.event,
      });
    }
    bot.on("reaction", (ctx) => apologise(ctx, desk, () => takeReaction(ctx, desk, ctx.event, jobs)), {
      ...retry,
      failed,
      accepts: wants.reaction,
    });

    async function takeHook({ ticket, isNewMail, envelope }: Hook): Promise<void> {
      const key = envelope === undefined ? {} : { key: envelope };
      if (isNewMail) await bot.defer(mail, { ticket }, { key: ticket });
      else await bot.defer(pull, { ticket }, { lane: laneOf(ticket), ...key });
    }
    const hooks = { secret, token, now: () => bot.now(), take: takeHook, log: bot.log };
    for (const end of ["", "/"]) {
      bot.webhook(options.path + end, createWebhook({ ...hooks, isForMail: false }));
      bot.webhook(options.mailPath + end, createWebhook({ ...hooks, isForMail: true }));
    }
    addInstallPages(bot, options);
    if (options.report !== null) {
      const { when, timeZone } = options.report;
      bot.every(when, (ctx: Context<never>) => ctx.defer(report, {}), { timeZone });
    }
  },
});
