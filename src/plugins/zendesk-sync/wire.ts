import { isObject, ZendeskError } from "./failure.ts";

/** A ticket, as far as it is needed. Ids are texts. */
export interface Ticket {
  readonly id: string;
  readonly subject: string;
  /** `new`, `open`, `pending`, `hold`, `solved`, `closed`. */
  readonly status: string;
  readonly priority: string | undefined;
  readonly externalId: string | undefined;
  /** How it came: `email`, `web`, `api` … */
  readonly channel: string;
  readonly requester: string | undefined;
}

export interface TicketComment {
  readonly id: string;
  readonly author: string;
  readonly name: string;
  readonly body: string;
  readonly isPublic: boolean;
  readonly channel: string;
  /** Ms since 1970. */
  readonly at: number;
  readonly files: readonly TicketFile[];
}

export interface TicketFile {
  readonly name: string;
  readonly mimeType: string;
  readonly size: number;
  readonly url: string;
}

/** @throws ZendeskError for what is no ticket */
export function readTicket(json: unknown): Ticket {
  if (!isObject(json) || idOf(json.id) === undefined) throw unreadable("ticket");
  return {
    id: idOf(json.id)!,
    subject: textOf(json.subject) ?? "",
    status: textOf(json.status) ?? "open",
    priority: textOf(json.priority),
    externalId: textOf(json.external_id),
    channel: channelOf(json),
    requester: idOf(json.requester_id),
  };
}

/** @throws ZendeskError for what is no comment */
export function readComment(json: unknown, users: readonly unknown[]): TicketComment {
  if (!isObject(json) || idOf(json.id) === undefined) throw unreadable("comment");
  const author = idOf(json.author_id) ?? "";
  const user = users.find((each) => isObject(each) && idOf(each.id) === author);
  return {
    id: idOf(json.id)!,
    author,
    name: (isObject(user) ? textOf(user.name) : undefined) ?? "",
    body: textOf(json.plain_body) ?? textOf(json.body) ?? "",
    // What does not say that it is public is not.
    isPublic: json.public === true,
    channel: channelOf(json),
    at: Date.parse(textOf(json.created_at) ?? "") || 0,
    files: listOf(json, "attachments").flatMap(readFile),
  };
}

/** The id of the comment that an update has added, from its audit. */
export function commentIdOf(json: unknown): string | undefined {
  const audit = isObject(json) ? json.audit : undefined;
  const comment = listOf(audit, "events").find((event) => isObject(event) && event.type === "Comment");
  return isObject(comment) ? idOf(comment.id) : undefined;
}

/** A list in an answer; empty when it is not there. */
export function listOf(json: unknown, name: string): readonly unknown[] {
  const list = isObject(json) ? json[name] : undefined;
  return Array.isArray(list) ? list : [];
}

function readFile(json: unknown): readonly TicketFile[] {
  const url = isObject(json) ? textOf(json.content_url) : undefined;
  if (!isObject(json) || url === undefined || !URL.canParse(url)) return [];
  return [
    {
      name: textOf(json.file_name) ?? "file",
      mimeType: textOf(json.content_type) ?? "application/octet-stream",
      size: typeof json.size === "number" ? json.size : 0,
      url,
    },
  ];
}

function channelOf({ via }: Readonly<Record<string, unknown>>): string {
  return isObject(via) ? (textOf(via.channel) ?? "") : "";
}

function idOf(value: unknown): string | undefined {
  return typeof value === "number" ? String(value) : typeof value === "string" && value !== "" ? value : undefined;
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function unreadable(what: string): ZendeskError {
  return new ZendeskError(`Zendesk's answer holds no ${what} that can be read.`, { status: 200, maybeSent: true });
}
