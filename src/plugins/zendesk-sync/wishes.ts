import type { Case } from "./cases.ts";
import { begin, type Desk, type EventContext, type Jobs, laneOf, type PullJob } from "./desk.ts";
import { isClosedForGood, isGone, ZendeskError } from "./failure.ts";
import { findTicket, groupOf } from "./opening.ts";
import { personOf } from "./person.ts";
import { renderStats } from "./report.ts";
import { withDashes } from "./texts.ts";
import { withoutThread } from "./unit.ts";
import type { Wish } from "./words.ts";

/** Does what was asked for about a ticket, and answers. */
export async function grant(
  ctx: EventContext,
  desk: Desk,
  { known, wish, jobs }: { readonly known: Case; readonly wish: Wish; readonly jobs: Jobs },
): Promise<void> {
  const { ticket } = known;
  switch (wish.kind) {
    case "help":
      return void (await ctx.reply(withDashes(desk.say("help", ticket))));
    case "close":
      return close(ctx, desk, known);
    case "reopen":
      return reopen(ctx, desk, known, jobs.pull);
    case "assign":
      return assign(ctx, desk, known, wish.email);
    case "priority":
      await change(ctx, desk, known, { priority: wish.priority });
      return void (await ctx.reply(desk.say("priority", ticket, { priority: wish.priority })));
    case "status":
      return setStatus(ctx, desk, known, wish.status);
    case "stats":
    case "report":
      return tellNumbers(ctx, desk, wish.kind, jobs);
  }
}

/** Tells the numbers of the channel, or has the daily report posted there now. */
export async function tellNumbers(
  ctx: EventContext,
  { cases, bot, options }: Desk,
  kind: "stats" | "report",
  { report }: Jobs,
): Promise<void> {
  const { conversation } = ctx.event;
  if (kind === "report") {
    ctx.defer(report, { place: withoutThread(conversation) });
    return void (await ctx.reply(options.texts.reportScheduled));
  }
  await ctx.reply(renderStats(options.texts, await cases.ledger(conversation), bot.now()));
}

/** Closes a ticket and says so; nothing but that it is closed when it was before. */
export async function close(ctx: EventContext, desk: Desk, known: Case): Promise<void> {
  const { ticket, key } = known;
  const { closeAs } = desk.options;
  if (known.state !== "open") return void (await ctx.reply(desk.say("already", ticket)));
  const isNew = await ctx.once("close", async () => {
    try {
      await desk.zendesk(ctx.signal).update(ticket, { status: closeAs });
      return true;
    } catch (error) {
      if (!isClosedForGood(error)) throw error;
      return false;
    }
  });
  await desk.cases.change(key, { state: isNew ? closeAs : "closed", resolvedAt: desk.bot.now() });
  await ctx.reply(desk.say(isNew ? "closed" : "already", ticket));
}

async function reopen(ctx: EventContext, desk: Desk, known: Case, pull: PullJob): Promise<void> {
  const { ticket, key } = known;
  if (known.state === "gone") return void (await ctx.reply(desk.say("gone", ticket)));
  if (known.state === "open") return void (await ctx.reply(desk.say("isOpen", ticket)));
  const isReopened = await ctx.once("reopen", async () => {
    try {
      await desk.zendesk(ctx.signal).update(ticket, { status: "open" });
      return true;
    } catch (error) {
      if (!isClosedForGood(error)) throw error;
      return false;
    }
  });
  if (isReopened) {
    await desk.cases.change(key, { state: "open", resolvedAt: undefined });
    return void (await ctx.reply(desk.say("reopened", ticket)));
  }
  const past = [...known.past, ticket];
  const next = await followUp(ctx, desk, { known, source: ticket, past });
  await desk.cases.open({ ...known, ticket: next, past, state: "open", resolvedAt: undefined, read: undefined });
  await ctx.reply(desk.say("followUp", next));
  ctx.defer(pull, { ticket: next }, { lane: laneOf(next) });
}

async function followUp(
  ctx: EventContext,
  desk: Desk,
  { known, source, past }: { readonly known: Case; readonly source: string; readonly past: readonly string[] },
): Promise<string> {
  const api = desk.zendesk(ctx.signal);
  const { isAgain } = await begin(ctx, "follow-up", () => true);
  return ctx.once("follow-up", async () => {
    const found = isAgain ? await findTicket(ctx, desk, { unit: known, past }) : undefined;
    if (found !== undefined) return found.id;
    const old = await api.show(source);
    const ticket = {
      via_followup_source_id: Number(source),
      external_id: known.externalId,
      subject: old?.subject ?? "",
      type: "question",
      tags: desk.options.tags,
      comment: { body: desk.say("followUp", source), public: false },
      ...(old?.requester !== undefined && { requester_id: Number(old.requester) }),
      ...groupOf(desk.options, known.conversation),
    };
    const { ticket: made } = await api.create(ticket, `${known.key}/follow-up/${source}`.slice(-255));
    return made.id;
  });
}

async function assign(ctx: EventContext, desk: Desk, known: Case, given: string | undefined): Promise<void> {
  const email = given ?? (await personOf(ctx, ctx.event)).email ?? "";
  const isDone = await ctx.once("assign", async () => {
    try {
      if (email !== "") await desk.zendesk(ctx.signal).update(known.ticket, { assignee_email: email });
      return email !== "";
    } catch (error) {
      const isRefused = error instanceof ZendeskError && error.status === 422 && !isClosedForGood(error);
      if (!isRefused) throw error;
      return false;
    }
  });
  await ctx.reply(desk.say(isDone ? "assigned" : "noAgent", known.ticket, { email: email || "you" }));
}

async function setStatus(ctx: EventContext, desk: Desk, known: Case, status: string | undefined): Promise<void> {
  if (status !== undefined) {
    await change(ctx, desk, known, { status });
    const isSolved = status === "solved";
    await desk.cases.change(known.key, {
      state: isSolved ? "solved" : "open",
      resolvedAt: isSolved ? desk.bot.now() : undefined,
    });
    return void (await ctx.reply(desk.say("status", known.ticket, { status })));
  }
  const ticket = await ctx.once("show", async () => (await desk.zendesk(ctx.signal).show(known.ticket)) ?? null);
  await ctx.reply(
    ticket === null ? desk.say("gone", known.ticket) : desk.say("status", known.ticket, { status: ticket.status }),
  );
}

function change(ctx: EventContext, desk: Desk, { ticket }: Case, fields: object): Promise<unknown> {
  return ctx.once("change", async () => void (await desk.zendesk(ctx.signal).update(ticket, fields)));
}

/** Says what a refusal means when the ticket can no longer be changed; other errors are passed on. */
export async function explain(ctx: EventContext, desk: Desk, known: Case, error: unknown): Promise<void> {
  const { ticket } = known;
  if (isGone(error)) {
    ctx.log.warn({ ticket }, "A ticket is no longer in Zendesk; its thread is told.");
    await desk.cases.change(known.key, { state: "gone", resolvedAt: desk.bot.now() });
    return void (await ctx.reply(desk.say("gone", ticket)));
  }
  if (isClosedForGood(error)) {
    ctx.log.warn({ ticket }, "A ticket is closed for good in Zendesk; its thread is told.");
    await desk.cases.change(known.key, { state: "closed", resolvedAt: desk.bot.now() });
    return void (await ctx.reply(desk.say("isClosed", ticket)));
  }
  throw error;
}
