import { timestamp } from "./ids.ts";
import { type Channel, handleOf, type Ticket } from "./records.ts";
import type { Audit } from "./wire.ts";

const CHANNELS: Readonly<Record<Channel, string>> = {
  api: "Web Service",
  web: "Web form",
  email: "Mail",
  sample_ticket: "Sample ticket",
};

/** Fills the placeholders in, which Zendesk does without minding whether JSON comes of it. */
export function fillIn(template: string, ticket: Ticket, audit: Audit, url: string): string {
  const { fields, comments } = ticket;
  const latest = comments.at(-1);
  const latestPublic = comments.findLast(({ isPublic }) => isPublic);
  const values: Readonly<Record<string, string | number | null | undefined>> = {
    "ticket.id": ticket.id,
    "ticket.external_id": fields.externalId,
    "ticket.title": fields.subject,
    "ticket.description": comments[0]?.body,
    "ticket.status": capital(fields.status),
    "ticket.priority": capital(fields.priority ?? ""),
    "ticket.via": CHANNELS[ticket.channel],
    "ticket.url": `${url}/agent/tickets/${ticket.id}`,
    "ticket.link": `${url}/agent/tickets/${ticket.id}`,
    "ticket.tags": fields.tags.join(" "),
    "ticket.group.name": fields.group?.name,
    "ticket.requester.name": fields.requester.name,
    "ticket.requester.email": fields.requester.email,
    "ticket.assignee.name": fields.assignee?.name,
    "ticket.latest_comment": latest?.body,
    "ticket.latest_public_comment": latestPublic?.body,
    "ticket.updated_at_with_timestamp": timestamp(ticket.updatedAt),
    "current_user.id": audit.author.id,
    "current_user.name": audit.author.name,
    "current_user.email": audit.author.email ?? handleOf(audit.author),
  };
  return template.replace(/\{\{\s*([\w.]+)\s*\}\}/g, (_, name: string) =>
    Object.hasOwn(values, name) ? String(values[name] ?? "") : "",
  );
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
