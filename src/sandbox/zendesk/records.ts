import type { StoredFile } from "./files.ts";

/** A customer, somebody of the staff, or a bot. */
export interface User {
  readonly id: number;
  name: string;
  readonly email: string | undefined;
  externalId: string | undefined;
  readonly role: "admin" | "agent" | "end-user";
  readonly isBot: boolean;
  /** A bot of one of our apps. */
  readonly isOwn: boolean;
  readonly createdAt: number;
  updatedAt: number;
}

export interface Group {
  readonly id: number;
  readonly name: string;
  readonly isDefault: boolean;
}

/** Where something came from, in Zendesk's words. */
export type Channel = "api" | "web" | "email" | "sample_ticket";

export interface Comment {
  readonly id: number;
  readonly auditId: number;
  readonly author: User;
  readonly body: string;
  readonly isPublic: boolean;
  readonly channel: Channel;
  readonly files: readonly StoredFile[];
  readonly at: number;
}

export type Status = (typeof STATUSES)[number];
export const STATUSES = ["new", "open", "pending", "hold", "solved", "closed"] as const;
export const PRIORITIES = ["urgent", "high", "normal", "low"] as const;
export const TYPES = ["problem", "incident", "question", "task"] as const;

export interface CustomField {
  readonly id: number;
  readonly value: unknown;
}

/** What a ticket says about itself, and an update may change. */
export interface TicketFields {
  readonly subject: string;
  readonly status: Status;
  readonly priority: (typeof PRIORITIES)[number] | null;
  readonly type: (typeof TYPES)[number] | null;
  readonly requester: User;
  readonly assignee: User | null;
  readonly group: Group | null;
  readonly externalId: string | null;
  readonly tags: readonly string[];
  readonly customFields: readonly CustomField[];
  readonly followers: readonly User[];
  readonly emailCcs: readonly User[];
}

export interface Ticket {
  readonly id: number;
  readonly submitter: User;
  readonly channel: Channel;
  /** The address it was first sent to. */
  readonly recipient: string | null;
  /** The closed ticket that it follows. */
  readonly source: Ticket | undefined;
  readonly createdAt: number;
  updatedAt: number;
  fields: TicketFields;
  /** The oldest first. */
  readonly comments: Comment[];
}

/** What the page and the control API call somebody. */
export function handleOf({ email, name }: User): string {
  return email?.split("@")[0] ?? name;
}
