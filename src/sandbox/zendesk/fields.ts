import { LONGEST_SUBJECT } from "./desk.ts";
import { type Call, invalid, listOf, objectOf, textOf, userOf } from "./method.ts";
import { requesterOf } from "./people.ts";
import { type CustomField, PRIORITIES, STATUSES, type TicketFields, TYPES, type User } from "./records.ts";
import type { Json } from "./wire.ts";

/** What a create or an update says about a ticket's fields; those left out are absent. @throws HobnobError 422 */
export function readFields(call: Call, given: Json, known?: TicketFields): Partial<TicketFields> {
  const fields = {
    subject: readSubject(given.subject),
    status: choice("status", given.status, STATUSES) ?? undefined,
    priority: choice("priority", given.priority, PRIORITIES),
    type: choice("type", given.type, TYPES),
    requester: requesterOf(call, given),
    assignee: readAssignee(call, given),
    group: readGroup(call, given.group_id),
    externalId: given.external_id === undefined ? undefined : (textOf(given.external_id) ?? null),
    tags: given.tags === undefined ? undefined : listOf(given.tags).map((tag) => String(tag).toLowerCase()),
    customFields: given.custom_fields === undefined ? undefined : withCustomFields(known, given.custom_fields),
    followers: withPeople(call, known?.followers, given.follower_ids, given.followers)?.filter(
      ({ role }) => role !== "end-user",
    ),
    emailCcs: withPeople(call, known?.emailCcs, given.email_cc_ids ?? given.collaborator_ids, given.email_ccs),
  };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

function readSubject(value: unknown): string | undefined {
  const subject = textOf(value);
  if (subject === undefined || subject.length <= LONGEST_SUBJECT) return subject;
  return invalid("subject", `Subject: is too long (maximum is ${LONGEST_SUBJECT} characters)`, "TooLong");
}

function choice<T extends string>(field: string, value: unknown, known: readonly T[]): T | null | undefined {
  if (value === undefined || value === null) return value;
  const found = known.find((one) => one === value);
  return found ?? invalid(field, `${field}: ${JSON.stringify(value).slice(0, 40)} is not valid`);
}

function readAssignee(call: Call, { assignee_id, assignee_email }: Json): User | null | undefined {
  if (assignee_id === null) return null;
  const email = textOf(assignee_email);
  if (assignee_id === undefined && email === undefined) return undefined;
  const user = email === undefined ? userOf(call, assignee_id, "assignee") : call.world.userByEmail(email);
  return user && user.role !== "end-user" ? user : invalid("assignee", "Assignee: is not an agent");
}

function readGroup({ world }: Call, id: unknown): TicketFields["group"] | undefined {
  if (id === undefined || id === null) return id;
  return world.groups.find((group) => group.id === Number(id)) ?? invalid("group", "Group is invalid");
}

function withCustomFields(known: TicketFields | undefined, given: unknown): readonly CustomField[] {
  const values = new Map(known?.customFields.map(({ id, value }) => [id, value]));
  for (const field of listOf(given)) {
    const { id, value } = objectOf(field) ?? {};
    if (Number.isSafeInteger(Number(id))) values.set(Number(id), value ?? null);
  }
  return Array.from(values, ([id, value]) => ({ id, value }));
}

/** People set by their ids, or put and deleted one by one. */
function withPeople(call: Call, known: readonly User[] = [], ids: unknown, changes: unknown) {
  if (ids === undefined && changes === undefined) return undefined;
  const people = new Map(
    (ids === undefined ? known : listOf(ids).map((id) => userOf(call, id, "collaborator"))).map((user) => [
      user.id,
      user,
    ]),
  );
  for (const change of listOf(changes)) {
    const { user_id, user_email, user_name, action } = objectOf(change) ?? {};
    const email = textOf(user_email);
    const user =
      email === undefined
        ? userOf(call, user_id, "collaborator")
        : (call.world.userByEmail(email) ?? call.world.addUser({ name: textOf(user_name) ?? email, email }));
    if (action === "delete") people.delete(user.id);
    else people.set(user.id, user);
  }
  return [...people.values()];
}
