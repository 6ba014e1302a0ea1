import { randomUUID } from "node:crypto";
import { splitText } from "../../core/index.ts";
import { type AnyContext, begin, type Desk } from "./desk.ts";
import type { TicketComment } from "./wire.ts";

// Zendesk takes about 65,000 characters.
const LONGEST = 60_000;
// Its clock and ours may differ.
const CLOCKS_MS = 10 * 60_000;

/** A text in the pieces that Zendesk takes as comments. */
export function commentParts(text: string): readonly string[] {
  return splitText(text, LONGEST);
}

/** A comment to be written. */
export interface NewComment {
  readonly ticket: string;
  readonly body: string;
  readonly uploads?: readonly string[];
  /** @default true */
  readonly isPublic?: boolean;
  /** Unique in its job. */
  readonly step: string;
}

/** Adds a comment to a ticket, once: a comment that nobody knows of is looked for before it is written again. */
export async function addComment(ctx: AnyContext, desk: Desk, comment: NewComment): Promise<void> {
  const [first = "", ...more] = commentParts(comment.body);
  await addPart(ctx, desk, { ...comment, body: first });
  for (const [index, body] of more.entries()) {
    await addPart(ctx, desk, { ...comment, uploads: [], body, step: `${comment.step}.${index + 1}` });
  }
}

async function addPart(
  ctx: AnyContext,
  { zendesk, cases, bot }: Desk,
  { ticket, body, uploads = [], isPublic = true, step }: NewComment,
): Promise<void> {
  const api = zendesk(ctx.signal);
  const { given, isAgain } = await begin(ctx, step, () => ({ owner: randomUUID(), at: bot.now(), body }));
  await ctx.once(step, async () => {
    if (isAgain) {
      const me = await api.me();
      for await (const comment of api.comments(ticket)) {
        if (comment.at < given.at - CLOCKS_MS) break;
        if (!isOwn(comment, me) || !isSameText(comment.body, given.body)) continue;
        const other = await cases.owner(comment.id);
        if (other !== undefined && other !== given.owner) continue;
        await cases.own(comment.id, given.owner);
        return comment.id;
      }
    }
    const { comment } = await api.update(ticket, { comment: { body: given.body, public: isPublic, uploads } });
    if (comment !== undefined) await cases.own(comment, given.owner);
    return comment ?? "";
  });
}

/** Was this comment written by us? What our user writes in Zendesk itself comes over another channel. */
export function isOwn({ author, channel }: TicketComment, me: string): boolean {
  return author === me && channel === "api";
}

/** A comment's text as the conversation shows it: without the signature, and short where it came by e-mail. */
export function shownBody({ body, channel }: Pick<TicketComment, "body" | "channel">, mailLength: number): string {
  const lines = body.replaceAll("\r\n", "\n").split("\n");
  const signature = lines.indexOf("-- ");
  const text = (signature < 0 ? lines : lines.slice(0, signature)).join("\n").trim();
  const characters = Array.from(text);
  const isLong = (channel === "email" || channel === "mail") && characters.length > mailLength;
  return isLong ? `${characters.slice(0, mailLength).join("")}...` : text;
}

function isSameText(a: string, b: string): boolean {
  const fold = (text: string) => text.replace(/\s+/g, " ").trim();
  return fold(a) === fold(b);
}
