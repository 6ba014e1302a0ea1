import type { Feed } from "../feed.ts";
import type { StoredFile } from "./files.ts";
import type { Channel, Comment, Ticket, TicketFields, User } from "./records.ts";
import type { Show } from "./show.ts";
import type { Audit, Change } from "./wire.ts";
import type { World } from "./world.ts";

/** In characters; a ticket without a subject begins with its comment. */
export const LONGEST_SUBJECT = 150;

/** Who does something, and by which way. */
export interface Doer {
  readonly actor: User;
  readonly channel: Channel;
}

export interface NewComment {
  readonly author: User;
  readonly body: string;
  /** @default as the ticket's first comment */
  readonly isPublic?: boolean | undefined;
  readonly files?: readonly StoredFile[];
}

export interface NewTicket {
  readonly fields: Partial<TicketFields> & Pick<TicketFields, "requester">;
  readonly comment: NewComment;
  readonly recipient?: string | null;
  readonly source?: Ticket | undefined;
}

/** What bots and people do with tickets: it changes the state, tells the page, and lets the triggers run. */
export type Desk = ReturnType<typeof createDesk>;

export function createDesk(parts: {
  readonly world: World;
  readonly feed: Feed;
  readonly show: Show;
  /** Lets the triggers run. */
  readonly changed: (ticket: Ticket, audit: Audit) => void;
}) {
  const { world, feed, show, changed } = parts;

  function addComment(ticket: Ticket, auditId: number, channel: Channel, given: NewComment): Comment {
    const { author, body, files = [], isPublic = ticket.comments[0]?.isPublic ?? true } = given;
    const at = Date.now();
    const comment: Comment = { id: world.numbers.row(), auditId, author, body, isPublic, channel, files, at };
    ticket.comments.push(comment);
    const message = show.message(comment);
    feed.publish({ type: "message", platform: "zendesk", conversation: String(ticket.id), message });
    return comment;
  }

  function finish(ticket: Ticket, audit: Audit): Audit {
    if (audit.changes.length > 0) feed.publish({ type: "refresh" });
    changed(ticket, audit);
    return audit;
  }

  return {
    open({ fields: given, comment, recipient = null, source }: NewTicket, { actor, channel }: Doer) {
      const at = Date.now();
      const subject = given.subject ?? comment.body.slice(0, LONGEST_SUBJECT);
      const fields = { ...world.blankFields(given.requester), ...given, subject };
      const ticket: Ticket = {
        id: world.numbers.ticket(),
        submitter: comment.author,
        channel,
        recipient,
        source,
        createdAt: at,
        updatedAt: at,
        fields: withConsequences(fields, given, comment, actor),
        comments: [],
      };
      world.addTicket(ticket);
      const id = world.numbers.row();
      const added = addComment(ticket, id, channel, comment);
      const changes = changesOf({}, ticket.fields);
      return {
        ticket,
        audit: finish(ticket, { id, author: actor, channel, at, comment: added, changes, isCreation: true }),
      };
    },

    update(ticket: Ticket, fields: Partial<TicketFields>, comment: NewComment | undefined, { actor, channel }: Doer) {
      const before = ticket.fields;
      const at = Date.now();
      const id = world.numbers.row();
      ticket.fields = withConsequences({ ...before, ...fields }, fields, comment, actor);
      ticket.updatedAt = at;
      const added = comment && addComment(ticket, id, channel, comment);
      const changes = changesOf(before, ticket.fields);
      return finish(ticket, { id, author: actor, channel, at, comment: added, changes, isCreation: false });
    },

    delete(ticket: Ticket): void {
      world.removeTicket(ticket);
      feed.publish({ type: "refresh" });
    },
  };

  function changesOf(before: Partial<TicketFields>, after: TicketFields): readonly Change[] {
    return NAMES.flatMap(([key, field]) => {
      const [value, previous] = [plain(after[key]), plain(before[key])];
      const isSame = JSON.stringify(value) === JSON.stringify(previous);
      return isSame || (previous === undefined && isNothing(value))
        ? []
        : [{ id: world.numbers.row(), field, value, previous }];
    });
  }
}

/** Changeable fields, by our names and by Zendesk's. */
const NAMES: readonly (readonly [keyof TicketFields, string])[] = [
  ["subject", "subject"],
  ["status", "status"],
  ["priority", "priority"],
  ["type", "type"],
  ["requester", "requester_id"],
  ["assignee", "assignee_id"],
  ["group", "group_id"],
  ["externalId", "external_id"],
  ["tags", "tags"],
  ["customFields", "custom_fields"],
  ["followers", "follower_ids"],
  ["emailCcs", "email_cc_ids"],
];

const isNothing = (value: unknown) => value === null || value === "" || (Array.isArray(value) && value.length === 0);

/** A field's value as audits have it: people and groups by their ids. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  return typeof value === "object" && value !== null && "name" in value && "id" in value ? value.id : value;
}

/** What an update brings with it beside what it says. */
function withConsequences(
  fields: TicketFields,
  given: Partial<TicketFields>,
  comment: NewComment | undefined,
  actor: User,
): TicketFields {
  if (given.status === undefined) {
    // An answer of the customer opens again what waited for it, or seemed done.
    const isAnswered = comment?.author.role === "end-user" && ["pending", "hold", "solved"].includes(fields.status);
    const isTaken = fields.status === "new" && fields.assignee !== null;
    return isAnswered || isTaken ? { ...fields, status: "open" } : fields;
  }
  // Who solves what nobody has is its assignee.
  const isDone = given.status === "solved" || given.status === "closed";
  return isDone && fields.assignee === null && actor.role !== "end-user" ? { ...fields, assignee: actor } : fields;
}
