import type { StoredFile } from "./files.ts";
import { timestamp } from "./ids.ts";
import type { Channel, Comment, Group, Ticket, User } from "./records.ts";

export type Json = Record<string, unknown>;

/** What happened to a ticket in one update, for its audit. */
export interface Audit {
  readonly id: number;
  readonly author: User;
  readonly channel: Channel;
  readonly at: number;
  readonly comment: Comment | undefined;
  readonly changes: readonly Change[];
  readonly isCreation: boolean;
}

/** A field of a ticket that an update has changed. */
export interface Change {
  readonly id: number;
  readonly field: string;
  readonly value: unknown;
  readonly previous: unknown;
}

/** Objects as the API shows them; `url` is the base of the simulator. */
export function wireTicket(ticket: Ticket, url: string, followUps: readonly number[] = []): Json {
  const { id, fields, comments, source } = ticket;
  const { subject, status, priority, type } = fields;
  const ccs = fields.emailCcs.map((user) => user.id);
  const followers = fields.followers.map((user) => user.id);
  return {
    url: `${url}/api/v2/tickets/${id}.json`,
    id,
    external_id: fields.externalId,
    via: {
      channel: ticket.channel,
      source: source
        ? { from: { ticket_id: source.id, subject: source.fields.subject }, to: {}, rel: "follow_up" }
        : { from: {}, to: {}, rel: null },
    },
    created_at: timestamp(ticket.createdAt),
    updated_at: timestamp(ticket.updatedAt),
    type,
    subject,
    raw_subject: subject,
    description: comments[0]?.body ?? "",
    priority,
    status,
    recipient: ticket.recipient,
    requester_id: fields.requester.id,
    submitter_id: ticket.submitter.id,
    assignee_id: fields.assignee?.id ?? null,
    organization_id: null,
    group_id: fields.group?.id ?? null,
    collaborator_ids: [...new Set([...ccs, ...followers])],
    follower_ids: followers,
    email_cc_ids: ccs,
    forum_topic_id: null,
    problem_id: null,
    has_incidents: false,
    is_public: comments.some(({ isPublic }) => isPublic),
    due_at: null,
    tags: fields.tags,
    custom_fields: fields.customFields,
    satisfaction_rating: null,
    sharing_agreement_ids: [],
    followup_ids: followUps,
    brand_id: null,
    allow_channelback: false,
    allow_attachments: true,
    from_messaging_channel: false,
  };
}

export function wireComment(comment: Comment, url: string): Json {
  const { id, author, body, isPublic, channel, files, at, auditId } = comment;
  return {
    id,
    type: "Comment",
    author_id: author.id,
    body,
    html_body: `<div class="zd-comment" dir="auto">${htmlOf(body)}</div>`,
    plain_body: body,
    public: isPublic,
    attachments: files.map((file) => wireAttachment(file, url)),
    audit_id: auditId,
    via: { channel, source: { from: {}, to: {}, rel: null } },
    created_at: timestamp(at),
    metadata: { system: {}, custom: {} },
  };
}

export function wireAttachment(file: StoredFile, url: string): Json {
  const contentUrl = contentUrlOf(file, url);
  return {
    url: `${url}/api/v2/attachments/${file.id}.json`,
    id: file.id,
    file_name: file.name,
    content_url: contentUrl,
    mapped_content_url: contentUrl,
    content_type: file.mimeType,
    size: file.data.byteLength,
    width: null,
    height: null,
    inline: false,
    deleted: false,
    malware_access_override: false,
    malware_scan_result: "malware_not_found",
    thumbnails: [],
  };
}

export function contentUrlOf({ key, name }: StoredFile, url: string): string {
  return `${url}/attachments/token/${key}/?name=${encodeURIComponent(name)}`;
}

export function wireUser(user: User, url: string): Json {
  return {
    id: user.id,
    url: `${url}/api/v2/users/${user.id}.json`,
    name: user.name,
    email: user.email ?? null,
    created_at: timestamp(user.createdAt),
    updated_at: timestamp(user.updatedAt),
    time_zone: "Etc/UTC",
    iana_time_zone: "Etc/UTC",
    phone: null,
    photo: null,
    locale: "en-US",
    organization_id: null,
    role: user.role,
    verified: user.role !== "end-user",
    external_id: user.externalId ?? null,
    tags: [],
    alias: "",
    active: true,
    shared: false,
    suspended: false,
    details: "",
    notes: "",
    user_fields: {},
  };
}

export function wireGroup({ id, name, isDefault }: Group, url: string): Json {
  const at = timestamp(Date.UTC(2026, 0));
  const fixed = { is_public: true, deleted: false, description: "", created_at: at, updated_at: at };
  return { url: `${url}/api/v2/groups/${id}.json`, id, name, default: isDefault, ...fixed };
}

/** One update of a ticket, with the comment's id among its events. */
export function wireAudit(audit: Audit, ticket: Ticket, url: string): Json {
  const { comment, isCreation } = audit;
  const type = isCreation ? "Create" : "Change";
  return {
    id: audit.id,
    ticket_id: ticket.id,
    created_at: timestamp(audit.at),
    author_id: audit.author.id,
    metadata: { system: {}, custom: {} },
    events: [
      ...(comment ? [{ ...wireComment(comment, url), audit_id: audit.id }] : []),
      ...audit.changes.map(({ id, field, value, previous }) => ({
        id,
        type,
        field_name: field,
        value,
        ...(!isCreation && { previous_value: previous }),
      })),
    ],
    via: { channel: audit.channel, source: { from: {}, to: {}, rel: null } },
  };
}

function htmlOf(text: string): string {
  const escaped = text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`);
  return `<p dir="auto">${escaped.replaceAll("\n", "<br>")}</p>`;
}
