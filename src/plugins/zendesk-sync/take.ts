import { type Deleted, type Edited, fill, type Message, type Reaction } from "../../core/index.ts";
import type { Case } from "./cases.ts";
import { addComment } from "./comment.ts";
import type { Desk, EventContext, Jobs } from "./desk.ts";
import { tellOfFiles, uploadFiles, withFileNames } from "./files.ts";
import { openCase } from "./opening.ts";
import { personOf, withNames } from "./person.ts";
import { type Unit, unitOf } from "./unit.ts";
import { close, explain, grant, tellNumbers } from "./wishes.ts";
import { readWish } from "./words.ts";

/** A message of a watched conversation: the first of its unit becomes a ticket, a later one a comment or a wish. */
export async function takeMessage(
  ctx: EventContext,
  desk: Desk,
  { message, waits, jobs }: { readonly message: Message; readonly waits: number; readonly jobs: Jobs },
): Promise<void> {
  const unit = unitOf(message);
  const known = await knownOf(ctx, desk, unit);
  const wish = readWish(message.text, desk.options.closingWords);
  const isAgain = known?.message === message.id;
  if (isAgain && known.isGreeted) return;
  if (known === undefined || isAgain || (unit.isFlat && known.state !== "open" && wish === undefined)) {
    if (!unit.isRoot) {
      const delay = desk.options.patience[waits];
      if (delay === undefined) return ctx.log.debug({}, "An answer in a thread without a ticket is left alone.");
      // It may have overtaken the first message on its way.
      return ctx.defer(jobs.later, { waits: waits + 1 }, { delay, lane: `late/${unit.key}` });
    }
    // A note among the staff asks nobody for help.
    if (message.visibility === "agents") return;
    if (message.isMention && (wish?.kind === "stats" || wish?.kind === "report")) {
      return tellNumbers(ctx, desk, wish.kind, jobs);
    }
    return openCase(ctx, desk, { unit, message, known, pull: jobs.pull });
  }
  try {
    if (wish !== undefined) return await grant(ctx, desk, { known, wish, jobs });
    if (known.state !== "open") return void (await ctx.reply(desk.say("isClosed", known.ticket)));
    await keepAddress(desk, message, { unit, known });
    await addMessage(ctx, desk, { message, known });
  } catch (error) {
    await explain(ctx, desk, known, error);
  }
}

/** A message that was changed or deleted becomes a comment that says so: comments cannot be changed themselves. */
export async function takeChange(ctx: EventContext, desk: Desk, event: Edited | Deleted): Promise<void> {
  const known = await knownOf(ctx, desk, unitOf(event));
  if (known?.state !== "open") return;
  const text = await withNames(ctx, (event.kind === "edited" ? event.text : event.previousText) ?? "");
  const { name } = await personOf(ctx, event);
  const values = { name: name === "unknown" ? "Somebody" : name, platform: desk.platformOf(ctx), text };
  const body = fill(desk.options.texts[event.kind], values).trim();
  try {
    await addComment(ctx, desk, { ticket: known.ticket, body, step: "change" });
  } catch (error) {
    await explain(ctx, desk, known, error);
  }
}

/** An emoji under the message of a ticket closes it; another makes a ticket of a message that has none. */
export async function takeReaction(ctx: EventContext, desk: Desk, event: Reaction, { pull }: Jobs): Promise<void> {
  const { closingReactions } = desk.options;
  const unit = unitOf(event);
  const known = await knownOf(ctx, desk, unit);
  if (known?.isGreeted) {
    if (known.message !== event.id || known.state !== "open" || !closingReactions.includes(event.name)) return;
    return close(ctx, desk, known).catch((error: unknown) => explain(ctx, desk, known, error));
  }
  if (closingReactions.includes(event.name) || unit.isFlat) return;
  const message = await ctx.once("message", () => findMessage(ctx));
  if (message !== null) await openCase(ctx, desk, { unit, message, known, pull });
}

/** What was known when the job first ran: what it does meanwhile must not send it another way the next time. */
async function knownOf(ctx: EventContext, { cases }: Desk, { key }: Unit): Promise<Case | undefined> {
  const { account: _, ...conversation } = ctx.event.conversation;
  // The channel that is told of e-mails is named in the options, where an account may be left out.
  const bareKey = unitOf({ ...ctx.event, conversation }).key;
  const find = async () => (await cases.get(key)) ?? (await cases.get(bareKey)) ?? null;
  return (await ctx.once("known", find)) ?? undefined;
}

async function addMessage(
  ctx: EventContext,
  desk: Desk,
  { message, known: { ticket } }: { readonly message: Message; readonly known: Case },
): Promise<void> {
  const files = await uploadFiles(ctx, desk, message.attachments);
  const { name } = await personOf(ctx, message);
  const text = withFileNames(await withNames(ctx, message.text), message.attachments);
  const body = fill(desk.options.texts.comment, { name, platform: desk.platformOf(ctx), text });
  await addComment(ctx, desk, {
    ticket,
    body,
    uploads: files.tokens,
    isPublic: message.visibility !== "agents",
    step: "comment",
  });
  await tellOfFiles(ctx, desk, files);
}

// Where each post is a thread of its own, the ticket's comments answer the latest.
async function keepAddress(
  { cases }: Desk,
  { conversation }: Message,
  { unit: { isFlat }, known }: { readonly unit: Unit; readonly known: Case },
): Promise<void> {
  if (isFlat && conversation.thread !== known.conversation.thread) await cases.change(known.key, { conversation });
}

/** The first message of the thread that the event stands in. */
async function findMessage(ctx: EventContext): Promise<Message | null> {
  for await (const message of ctx.history?.(0) ?? []) {
    if (message.id === ctx.event.id) return message.author.isSelf ? null : message;
  }
  return null;
}
