import { fill } from "../../core/index.ts";
import { addComment } from "./comment.ts";
import { type AnyContext, type Desk, laneOf, type PullJob } from "./desk.ts";
import { callPeople } from "./on-call.ts";
import { groupOf } from "./opening.ts";
import { unitAt } from "./unit.ts";

/** Tells a channel of a ticket that came by e-mail, and joins the two. */
export async function announceMail(ctx: AnyContext, desk: Desk, ticket: string, pull: PullJob): Promise<void> {
  const { options, cases, zendesk } = desk;
  const { mail, texts } = options;
  if (mail === undefined) return ctx.log.info({ ticket }, "A ticket came by e-mail; `mail` names no channel to tell.");
  const found = await ctx.once("ticket", async () => (await zendesk(ctx.signal).show(ticket)) ?? null);
  // With an external id it is somebody's already.
  if (found === null || found.externalId !== undefined) return;
  const { adapter, id, account } = mail;
  const place = { adapter, id, isDirect: false, ...(account !== undefined && { account }) };
  const sent = await ctx.send(place, fill(texts.mail, { subject: found.subject }));
  const conversation = { ...sent.conversation, thread: sent.conversation.thread ?? sent.id };
  const unit = unitAt(conversation);
  await ctx.once("claim", async () => {
    const change = { external_id: unit.externalId, ...groupOf(options, place) };
    await zendesk(ctx.signal).update(ticket, change);
  });
  await cases.open({
    ...unit,
    ticket,
    past: [],
    conversation,
    message: sent.id,
    state: "open",
    isGreeted: true,
    openedAt: await ctx.once("opened at", () => desk.bot.now()),
  });
  await ctx.send(conversation, desk.say("hello", ticket));
  await callPeople(ctx, desk, { ticket, conversation });
  const link = await ctx.once("link", async () => (await sent.permalink?.().catch(() => undefined)) ?? null);
  const body = fill(texts.aware, { link: link ?? "" }).trim();
  await addComment(ctx, desk, { ticket, body, step: "aware" });
  ctx.defer(pull, { ticket }, { lane: laneOf(ticket) });
}
