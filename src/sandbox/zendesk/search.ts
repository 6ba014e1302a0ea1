import { fail, type Methods } from "./method.ts";
import { paged } from "./paging.ts";
import { STATUSES, type Ticket, type User } from "./records.ts";
import { type Json, wireGroup, wireTicket, wireUser } from "./wire.ts";
import type { World } from "./world.ts";

const MOST_RESULTS = 1000;

interface Term {
  readonly key: string;
  readonly operator: string;
  readonly value: string;
}

/** The search, as far as bots use it. https://developer.zendesk.com/api-reference/ticketing/ticket-management/search/ */
export const searchMethods: Methods = {
  ListSearchResults({ query, world, url }) {
    const found = search(world, query, url);
    const items = found.slice(0, MOST_RESULTS);
    const page = paged({ name: "results", items, show: (item) => item, query, address: `${url}/api/v2/search.json` });
    return { ...page.answer, facets: null };
  },
  CountSearchResults: ({ query, world, url }) => ({ count: search(world, query, url).length }),
};

function search(world: World, query: URLSearchParams, url: string): readonly Json[] {
  const words = query.get("query") ?? fail(400, "InvalidParameters", "query is required");
  const terms = Array.from(
    words.matchAll(/(?:([\w]+)(:|<=|>=|<|>))?("[^"]*"|\S+)/g),
    ([, key = "", operator = ":", value = ""]) => ({
      key: key.toLowerCase(),
      operator,
      value: value.replaceAll('"', "").toLowerCase(),
    }),
  );
  const type = terms.find(({ key }) => key === "type")?.value;
  const rest = terms.filter(({ key }) => key !== "type");
  const isWanted = (name: string) => type === undefined || type === name;
  const results = [
    ...(isWanted("ticket")
      ? world.tickets().filter((ticket) => rest.every((term) => fitsTicket(ticket, term)))
      : []
    ).map((ticket) => ({ ...wireTicket(ticket, url), result_type: "ticket" })),
    ...(isWanted("user") ? world.users().filter((user) => rest.every((term) => fitsUser(user, term))) : []).map(
      (user) => ({ ...wireUser(user, url), result_type: "user" }),
    ),
    ...(isWanted("group")
      ? world.groups.filter(({ name }) => rest.every((term) => name.toLowerCase() === term.value))
      : []
    ).map((group) => ({ ...wireGroup(group, url), result_type: "group" })),
  ];
  const by = query.get("sort_by") ?? "created_at";
  const sign = query.get("sort_order") === "asc" ? 1 : -1;
  const keyOf = (result: Json) => String(result[by] ?? "");
  return results.toSorted((a, b) => sign * keyOf(a).localeCompare(keyOf(b)));
}

function fitsTicket({ id, fields, createdAt, updatedAt, comments }: Ticket, { key, operator, value }: Term): boolean {
  const { status, priority, type, externalId, tags, requester, assignee, group } = fields;
  switch (key) {
    case "status": {
      const order = (name: string) => (STATUSES as readonly string[]).indexOf(name);
      return compare(order(status), operator, order(value));
    }
    case "created":
      return compare(createdAt, operator, Date.parse(value));
    case "updated":
      return compare(updatedAt, operator, Date.parse(value));
    case "external_id":
      return externalId?.toLowerCase() === value;
    case "priority":
      return (priority ?? "none") === value;
    case "ticket_type":
      return (type ?? "none") === value;
    case "tags":
      return tags.includes(value);
    case "requester":
      return isPerson(requester, value);
    case "assignee":
      return value === "none" ? assignee === null : assignee !== null && isPerson(assignee, value);
    case "group":
      return String(group?.id) === value || group?.name.toLowerCase() === value;
    case "subject":
      return fields.subject.toLowerCase().includes(value);
    default:
      return [String(id), fields.subject, ...comments.map(({ body }) => body)].join("\n").toLowerCase().includes(value);
  }
}

function fitsUser(user: User, { key, value }: Term): boolean {
  if (key === "external_id") return user.externalId?.toLowerCase() === value;
  if (key === "role") return user.role === value;
  return key === "email" ? user.email?.toLowerCase() === value : isPerson(user, value);
}

function isPerson({ id, name, email }: User, value: string): boolean {
  return String(id) === value || email?.toLowerCase() === value || name.toLowerCase().includes(value);
}

/** Days are compared from their first moment; "on a day" is within it. */
function compare(a: number, operator: string, b: number): boolean {
  if (operator === "<") return a < b;
  if (operator === ">") return a > b;
  if (operator === "<=") return a <= b;
  return operator === ">=" ? a >= b : a === b || (b > DAY && a >= b && a < b + DAY);
}

const DAY = 86_400_000;
