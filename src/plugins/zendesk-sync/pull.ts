import { fill } from "../../core/index.ts";
import type { Case } from "./cases.ts";
import { isOwn, shownBody } from "./comment.ts";
import type { AnyContext, Desk } from "./desk.ts";
import { fetchFiles } from "./files.ts";
import type { TicketComment } from "./wire.ts";

interface News {
  /** Oldest first. */
  readonly comments: readonly TicketComment[];
  readonly read: Case["read"];
  /** Undefined when the ticket was deleted. */
  readonly status?: string | undefined;
}

const GREETING_MS = 15 * 60_000;

/** Brings what is new in a ticket to its conversation: comments by their ids, and whether it is still open. */
export async function pullNews(ctx: AnyContext, desk: Desk, ticket: string): Promise<void> {
  const { cases, bot } = desk;
  const known = await cases.byTicket(ticket);
  if (known === undefined) return;
  // The greeting comes first, and the job that says it pulls when it is done.
  if (!known.isGreeted && bot.now() < known.openedAt + GREETING_MS) return;
  const news = await ctx.once("news", () => readNews(ctx, desk, known));
  for (const comment of news.comments) await show(ctx, desk, known, comment);
  const answer = news.comments.find(({ isPublic }) => isPublic);
  await cases.change(known.key, {
    read: news.read,
    ...(answer !== undefined && known.repliedAt === undefined && { repliedAt: answer.at || bot.now() }),
  });
  const state = stateOf(news.status);
  if (state === known.state) return;
  await cases.change(known.key, { state, resolvedAt: state === "open" ? undefined : (known.resolvedAt ?? bot.now()) });
}

async function readNews(ctx: AnyContext, desk: Desk, known: Case): Promise<News> {
  const { read = { at: 0, ids: [] } } = known;
  const api = desk.zendesk(ctx.signal);
  const status = (await api.show(known.ticket))?.status;
  if (status === undefined) return { comments: [], read };
  const comments: TicketComment[] = [];
  let at = read.at;
  let ids = read.ids;
  for await (const comment of api.comments(known.ticket)) {
    // Zendesk counts whole seconds: comments of the same one are told apart by their ids.
    if (comment.at < read.at) break;
    if (comment.at > at) [at, ids] = [comment.at, []];
    if (read.ids.includes(comment.id)) continue;
    if (comment.at === at) ids = [...ids, comment.id];
    if (await isFromUs(ctx, desk, comment)) continue;
    if (comment.isPublic || isNoteShown(desk, known)) comments.unshift(comment);
  }
  return { comments, read: { at, ids }, status };
}

async function isFromUs(ctx: AnyContext, { cases, zendesk }: Desk, comment: TicketComment): Promise<boolean> {
  if ((await cases.owner(comment.id)) !== undefined) return true;
  return isOwn(comment, await zendesk(ctx.signal).me());
}

const isNoteShown = ({ options }: Desk, { conversation }: Case) => options.notesOn.includes(conversation.adapter);

async function show(ctx: AnyContext, desk: Desk, { conversation }: Case, comment: TicketComment): Promise<void> {
  const { texts, mailLength } = desk.options;
  const attachments = await fetchFiles(ctx, desk, comment.files);
  const text = fill(texts.zendesk, { body: shownBody(comment, mailLength), name: comment.name });
  await ctx.send(conversation, { text, attachments, visibility: comment.isPublic ? "everyone" : "agents" });
}

function stateOf(status: string | undefined): Case["state"] {
  if (status === undefined) return "gone";
  return status === "solved" || status === "closed" ? status : "open";
}
