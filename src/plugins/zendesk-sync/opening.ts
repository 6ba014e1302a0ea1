import { errorMessage, fill, type Message } from "../../core/index.ts";
import type { Case } from "./cases.ts";
import { addComment, commentParts } from "./comment.ts";
import { type AnyContext, begin, type Desk, laneOf, type PullJob } from "./desk.ts";
import { ZendeskError } from "./failure.ts";
import { tellOfFiles, type Uploaded, uploadFiles, withFileNames } from "./files.ts";
import { isOutOfHours } from "./hours.ts";
import { callPeople } from "./on-call.ts";
import { personOf, withNames } from "./person.ts";
import type { Unit } from "./unit.ts";

/** A message that is to become a ticket. */
export interface Opening {
  readonly unit: Unit;
  readonly message: Message;
  /** What the conversation had before. */
  readonly known: Case | undefined;
  readonly pull: PullJob;
}

/** Opens a ticket for a message and says so. Every step of it may be done again: a second ticket never comes of it. */
export async function openCase(ctx: AnyContext, desk: Desk, { unit, message, known, pull }: Opening): Promise<void> {
  const { cases, options } = desk;
  const { key, externalId } = unit;
  const past =
    known === undefined || known.message === message.id ? (known?.past ?? []) : [...known.past, known.ticket];
  const files = await uploadFiles(ctx, desk, message.attachments);
  const { ticket, rest } = await makeTicket(ctx, desk, { message, unit, past, files });
  await cases.open({
    key,
    externalId,
    ticket,
    past,
    conversation: message.conversation,
    message: message.id,
    state: "open",
    isGreeted: false,
    openedAt: await ctx.once("opened at", () => desk.bot.now()),
  });
  for (const [index, body] of rest.entries()) await addComment(ctx, desk, { ticket, body, step: `rest ${index}` });
  await ctx.reply(desk.say("hello", ticket));
  await tellOfFiles(ctx, desk, files);
  await callPeople(ctx, desk, { ticket, conversation: message.conversation });
  if (options.hours !== undefined && isOutOfHours(Date.parse(message.sentAt), options.hours)) {
    await ctx.reply(options.texts.outOfHours);
  }
  await cases.change(key, { isGreeted: true });
  // What the staff wrote before the ticket was known here.
  ctx.defer(pull, { ticket }, { lane: laneOf(ticket) });
}

/** The group of a conversation's tickets. */
export function groupOf(
  { groups, group }: Desk["options"],
  conversation: { readonly id: string; readonly adapter: string },
) {
  const { id, adapter } = conversation;
  const own = Object.hasOwn(groups, id) ? groups[id] : Object.hasOwn(groups, adapter) ? groups[adapter] : group;
  return own === undefined || own === "" ? {} : { group_id: Number(own) };
}

interface Made {
  readonly ticket: string;
  /** What of the text was too long for one comment. */
  readonly rest: readonly string[];
}

interface Making {
  readonly message: Message;
  readonly unit: Unit;
  readonly past: readonly string[];
  readonly files: Uploaded;
}

async function makeTicket(ctx: AnyContext, desk: Desk, { message, unit, past, files }: Making): Promise<Made> {
  const { options, zendesk, cases } = desk;
  const api = zendesk(ctx.signal);
  const { given, isAgain } = await begin(ctx, "ticket", async () => ({
    link: await linkOf(ctx, message),
    said: await withNames(ctx, message.text),
    ...(await personOf(ctx, message)),
  }));
  const { link, said, name, email } = given;
  const text = withFileNames(said, message.attachments);
  const where = { platform: ctx.platform, link: link ?? "" };
  const [body = "", ...rest] = commentParts(
    `${text}\n\n${fill(link === null ? options.texts.firstWithoutLink : options.texts.first, where)}`.trim(),
  );
  const ticket = {
    subject: subjectOf(text),
    external_id: unit.externalId,
    type: "question",
    tags: options.tags,
    comment: { body, uploads: files.tokens },
    ...groupOf(options, message.conversation),
    ...(link !== null && options.linkField && { custom_fields: [{ id: Number(options.linkField), value: link }] }),
  };

  async function lookUp(): Promise<string | undefined> {
    const { id } = (await findTicket(ctx, desk, { unit, past })) ?? {};
    const first = id === undefined ? undefined : await oldestOf(ctx, desk, id);
    if (first !== undefined) await cases.own(first, "opening");
    return id;
  }

  async function create(requester: object, suffix = ""): Promise<string> {
    const key = `${unit.key}/${message.id}${suffix}`.slice(-255);
    const { ticket: made, comment } = await api.create({ ...ticket, ...requester }, key);
    if (comment !== undefined) await cases.own(comment, "opening");
    return made.id;
  }

  async function createForSomebody(): Promise<string> {
    const standIn = async () => ({ requester_id: Number(await standInFor(ctx, desk, message, name)) });
    if (email === undefined) return create(await standIn());
    try {
      return await create({ requester: { name, email } });
    } catch (error) {
      if (!(error instanceof ZendeskError && error.status === 422 && error.fields.includes("requester"))) throw error;
      ctx.log.warn({}, "Zendesk does not take a person's address; the ticket gets a requester without one.");
      return create(await standIn(), "/stand-in");
    }
  }

  const id = await ctx.once("ticket", async () => {
    const found = isAgain ? await lookUp() : undefined;
    if (found !== undefined) return found;
    try {
      return await createForSomebody();
    } catch (error) {
      // Made already, from words that were a little different.
      const again = error instanceof ZendeskError && /^Idempotent/.test(error.reason) ? await lookUp() : undefined;
      if (again === undefined) throw error;
      return again;
    }
  });
  return { ticket: id, rest };
}

/** A ticket of this unit that no record tells of. */
export async function findTicket(
  ctx: AnyContext,
  { zendesk, cases }: Desk,
  { unit, past }: { readonly unit: Pick<Unit, "key" | "externalId">; readonly past: readonly string[] },
) {
  for (const ticket of await zendesk(ctx.signal).byExternalId(unit.externalId)) {
    if (past.includes(ticket.id) || ticket.status === "deleted") continue;
    // Another workspace may have a message of the same instant.
    const other = await cases.byTicket(ticket.id);
    if (other === undefined || other.key === unit.key) return ticket;
  }
  return undefined;
}

async function oldestOf(ctx: AnyContext, { zendesk }: Desk, ticket: string): Promise<string | undefined> {
  let oldest: string | undefined;
  for await (const { id } of zendesk(ctx.signal).comments(ticket)) oldest = id;
  return oldest;
}

async function linkOf(ctx: AnyContext, message: Message): Promise<string | null> {
  if (message.permalink !== undefined) return message.permalink;
  try {
    return (await ctx.sent(message).permalink?.()) ?? null;
  } catch (error) {
    ctx.log.warn({}, `The address of a message could not be asked: ${errorMessage(error)}`);
    return null;
  }
}

/** A user of Zendesk's for somebody whose address is not known. */
async function standInFor(ctx: AnyContext, { bot, zendesk }: Desk, { author, conversation }: Message, name: string) {
  const { adapter, account } = conversation;
  const externalId = [adapter, account, author.id].filter((part) => part !== undefined).join(":");
  const known = await bot.store.get<string>(`person:${externalId}`);
  if (known !== undefined) return known;
  const id = await zendesk(ctx.signal).standIn({ name: name || author.id, externalId });
  await bot.store.set(`person:${externalId}`, id, { ttl: "30d" });
  return id;
}

const LONGEST_SUBJECT = 150;

function subjectOf(text: string): string {
  const characters = Array.from(text.replace(/\s+/g, " ").trim());
  if (characters.length === 0) return "(no text)";
  if (characters.length <= LONGEST_SUBJECT) return characters.join("");
  return `${characters.slice(0, LONGEST_SUBJECT - 1).join("")}…`;
}
