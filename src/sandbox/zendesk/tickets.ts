import type { NewComment } from "./desk.ts";
import { readFields } from "./fields.ts";
import type { StoredFile } from "./files.ts";
import { timestamp } from "./ids.ts";
import { type Call, fail, invalid, listOf, type Methods, objectOf, textOf, ticketOf, userOf } from "./method.ts";
import { paged } from "./paging.ts";
import type { Ticket, User } from "./records.ts";
import { type Json, wireAudit, wireComment, wireTicket, wireUser } from "./wire.ts";

const LONGEST_COMMENT = 65_535;
const MOST_COMMENTS = 5000;

/** Tickets and their comments. https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/ */
export const ticketMethods: Methods = {
  CreateTicket(call) {
    const { desk, doer, url } = call;
    const given = argumentsOf(call);
    const { requester = doer.actor, ...fields } = readFields(call, given);
    const comment = readComment(call, given, given.submitter_id);
    if (comment === undefined) return invalid("base", "Description: cannot be blank", "BlankValue");
    const recipient = textOf(given.recipient) ?? null;
    const source = sourceOf(call, given.via_followup_source_id);
    const { ticket, audit } = desk.open({ fields: { ...fields, requester }, comment, recipient, source }, doer);
    const location = `${url}/api/v2/tickets/${ticket.id}.json`;
    const answer = { ticket: showTicket(call, ticket), audit: wireAudit(audit, ticket, url) };
    return Response.json(answer, { status: 201, headers: { location } });
  },

  UpdateTicket(call) {
    const { desk, doer, url } = call;
    const ticket = ticketOf(call);
    const given = argumentsOf(call);
    if (ticket.fields.status === "closed") return invalid("status", "Status: closed prevents ticket update");
    if (given.safe_update === true && given.updated_stamp !== timestamp(ticket.updatedAt)) {
      return fail(409, "UpdateConflict", "Safe Update prevented the update due to outdated ticket data.");
    }
    const fields = readFields(call, given, ticket.fields);
    const comment = readComment(call, given);
    if (comment && ticket.comments.length >= MOST_COMMENTS) {
      return invalid("base", `Ticket has reached its limit of ${MOST_COMMENTS} comments`);
    }
    const audit = desk.update(ticket, fields, comment, doer);
    return { ticket: showTicket(call, ticket), audit: wireAudit(audit, ticket, url) };
  },

  ShowTicket(call) {
    const ticket = ticketOf(call);
    return { ticket: showTicket(call, ticket), ...sideloads(call, [ticket]) };
  },

  TicketsShowMany(call) {
    const wanted = (call.query.get("ids") ?? "").split(",");
    const items = call.world.tickets().filter(({ id }) => wanted.includes(String(id)));
    return list(call, items, "tickets/show_many.json");
  },

  ListTickets(call) {
    const { query, world } = call;
    const externalId = query.get("external_id");
    const items = world.tickets().filter(({ fields }) => externalId === null || fields.externalId === externalId);
    return list(call, sorted(items, query), "tickets.json");
  },

  CountTickets: ({ world }) => ({
    count: { value: world.tickets().length, refreshed_at: timestamp(Date.now()) },
  }),

  DeleteTicket(call) {
    call.desk.delete(ticketOf(call));
    return new Response(null, { status: 204 });
  },

  ListTicketComments(call) {
    const { query, url } = call;
    const { id, comments } = ticketOf(call);
    const isNewestFirst = query.get("sort") === "-created_at" || query.get("sort_order") === "desc";
    const { answer, items } = paged({
      name: "comments",
      items: isNewestFirst ? comments.toReversed() : comments,
      show: (comment) => wireComment(comment, url),
      query,
      address: `${url}/api/v2/tickets/${id}/comments.json`,
    });
    const authors = new Set(items.map(({ author }) => author));
    return {
      ...answer,
      ...(includes(query, "users") && { users: Array.from(authors, (user) => wireUser(user, url)) }),
    };
  },

  PutTagsTicket: (call) => setTags(call, (known, given) => [...known, ...given]),
  SetTagsTicket: (call) => setTags(call, (_, given) => given),
  DeleteTagsTicket: (call) => setTags(call, (known, given) => known.filter((tag) => !given.includes(tag))),
};

function argumentsOf({ body }: Call): Json {
  return objectOf(body.ticket) ?? fail(400, "ParameterMissing", "Parameter ticket is required");
}

function showTicket({ world, url }: Call, ticket: Ticket): Json {
  const followUps = world.tickets().filter(({ source }) => source === ticket);
  return wireTicket(
    ticket,
    url,
    followUps.map(({ id }) => id),
  );
}

function list(call: Call, items: readonly Ticket[], path: string): Json {
  const { query, url } = call;
  const show = (ticket: Ticket) => showTicket(call, ticket);
  const page = paged({ name: "tickets", items, show, query, address: `${url}/api/v2/${path}` });
  return { ...page.answer, ...sideloads(call, page.items) };
}

function sorted(tickets: readonly Ticket[], query: URLSearchParams): readonly Ticket[] {
  const by = query.get("sort") ?? query.get("sort_by") ?? "id";
  const isUp = !by.startsWith("-") && query.get("sort_order") !== "desc";
  const keyOf = ({ id, updatedAt, createdAt }: Ticket) =>
    by.endsWith("updated_at") ? updatedAt : by.endsWith("created_at") ? createdAt : id;
  return tickets.toSorted((a, b) => (isUp ? 1 : -1) * (keyOf(a) - keyOf(b)));
}

/** What `include` asks for beside the tickets. */
function sideloads({ query, url }: Call, tickets: readonly Ticket[]): Json {
  const users = new Set<User>();
  for (const { fields, submitter } of tickets) {
    for (const user of [fields.requester, submitter, fields.assignee]) if (user) users.add(user);
  }
  return {
    ...(includes(query, "users") && { users: Array.from(users, (user) => wireUser(user, url)) }),
    ...(includes(query, "comment_count") && { comment_count: tickets.map(({ comments }) => comments.length) }),
  };
}

const includes = (query: URLSearchParams, what: string) => (query.get("include") ?? "").split(",").includes(what);

function readComment(call: Call, { comment, description }: Json, submitter?: unknown): NewComment | undefined {
  const given =
    objectOf(comment) ?? (textOf(comment ?? description) === undefined ? undefined : { body: comment ?? description });
  if (given === undefined) return undefined;
  const html = textOf(given.html_body);
  const body =
    html === undefined ? (textOf(given.body) ?? "") : html.replace(/<br\s*\/?>/g, "\n").replace(/<[^>]*>/g, "");
  if (body.length > LONGEST_COMMENT) {
    return invalid("comment", `Comment: is too long (maximum is ${LONGEST_COMMENT} characters)`, "TooLong");
  }
  const files = listOf(given.uploads).flatMap((token) => uploaded(call, token));
  if (body.trim() === "" && files.length === 0) return undefined;
  const authorId = given.author_id ?? submitter;
  const author = authorId === undefined || authorId === null ? call.doer.actor : userOf(call, authorId, "author");
  return { body, author, files, isPublic: typeof given.public === "boolean" ? given.public : undefined };
}

function uploaded({ files }: Call, token: unknown): readonly StoredFile[] {
  const stored = files.peek(String(token));
  if (stored === undefined) return invalid("attachments", "Attachments: Invalid upload token");
  files.forget(String(token));
  return stored;
}

function sourceOf({ world }: Call, id: unknown): Ticket | undefined {
  if (id === undefined || id === null) return undefined;
  const source = world.tickets().find((ticket) => ticket.id === Number(id));
  if (source?.fields.status === "closed") return source;
  return invalid("via_followup_source_id", "Follow-up source: is not a closed ticket");
}

function setTags(call: Call, change: (known: readonly string[], given: readonly string[]) => readonly string[]): Json {
  const ticket = ticketOf(call);
  const given = listOf(call.body.tags).map((tag) => String(tag).toLowerCase());
  const tags = [...new Set(change(ticket.fields.tags, given))];
  call.desk.update(ticket, { tags }, undefined, call.doer);
  return { tags };
}
