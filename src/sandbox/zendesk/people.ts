import { type Call, fail, invalid, type Methods, notFound, objectOf, textOf, userOf } from "./method.ts";
import { paged } from "./paging.ts";
import type { User } from "./records.ts";
import { type Json, wireGroup, wireUser } from "./wire.ts";

const EMAIL = /^[^\s@]+@[^\s@]+\.[^\s@]+$/;

/** Users and groups. https://developer.zendesk.com/api-reference/ticketing/users/users/ */
export const peopleMethods: Methods = {
  ShowCurrentUser: ({ doer, url }) => ({ user: wireUser(doer.actor, url) }),

  ShowUser: ({ ids, world, url }) => ({ user: wireUser(world.user(Number(ids[0])) ?? notFound(), url) }),

  ShowManyUsers({ query, world, url }) {
    const wanted = (query.get("ids") ?? "").split(",");
    const users = world.users().filter(({ id }) => wanted.includes(String(id)));
    return {
      users: users.map((user) => wireUser(user, url)),
      next_page: null,
      previous_page: null,
      count: users.length,
    };
  },

  SearchUsers({ query, world, url }) {
    const externalId = query.get("external_id");
    const words = query.get("query");
    if (externalId === null && words === null)
      return fail(400, "InvalidParameters", "query or external_id is required");
    const items = world
      .users()
      .filter((user) => (externalId === null ? fits(user, words ?? "") : user.externalId === externalId));
    const show = (user: User) => wireUser(user, url);
    return paged({ name: "users", items, show, query, address: `${url}/api/v2/users/search.json` }).answer;
  },

  CreateUser(call) {
    const given = readUser(call);
    const { email, externalId } = given;
    if (email !== undefined && call.world.userByEmail(email)) {
      return invalid("email", `Email: ${email} is already being used by another user`, "DuplicateValue");
    }
    if (externalId !== undefined && call.world.userByExternalId(externalId)) {
      return invalid("external_id", "External: has already been taken", "DuplicateValue");
    }
    return created(call, given);
  },

  CreateOrUpdateUser(call) {
    const given = readUser(call);
    const { name, email, externalId } = given;
    const known =
      (externalId === undefined ? undefined : call.world.userByExternalId(externalId)) ??
      (email === undefined ? undefined : call.world.userByEmail(email));
    if (known === undefined) return created(call, given);
    if (name !== undefined) known.name = name;
    known.externalId ??= externalId;
    known.updatedAt = Date.now();
    return { user: wireUser(known, call.url) };
  },

  ListGroups({ world, query, url }) {
    const show = (group: (typeof world.groups)[number]) => wireGroup(group, url);
    return paged({ name: "groups", items: world.groups, show, query, address: `${url}/api/v2/groups.json` }).answer;
  },

  ShowGroupById: ({ ids, world, url }) => ({
    group: wireGroup(world.groups.find(({ id }) => String(id) === ids[0]) ?? notFound(), url),
  }),
};

/** The requester that a ticket names by id, or by e-mail; the latter may be new. */
export function requesterOf(call: Call, { requester_id, requester }: Json): User | undefined {
  if (requester_id !== undefined && requester_id !== null) return userOf(call, requester_id, "requester");
  const given = objectOf(requester);
  if (given === undefined) return undefined;
  const email = textOf(given.email);
  if (email === undefined || email === "")
    return invalid("requester", "Requester: Email: cannot be blank", "BlankValue");
  if (!EMAIL.test(email)) return invalid("requester", `Requester: Email: ${email} is not properly formatted`);
  const known = call.world.userByEmail(email);
  if (known) return known;
  const name = textOf(given.name)?.trim() ?? "";
  if (name === "") return invalid("requester", "Requester: Name: is too short (minimum one character)", "TooShort");
  return call.world.addUser({ name, email });
}

function readUser({ body }: Call): { readonly name?: string; readonly email?: string; readonly externalId?: string } {
  const given = objectOf(body.user) ?? fail(400, "ParameterMissing", "Parameter user is required");
  const name = textOf(given.name)?.trim();
  const email = textOf(given.email);
  const externalId = textOf(given.external_id);
  if (email !== undefined && !EMAIL.test(email)) return invalid("email", `Email: ${email} is not properly formatted`);
  return {
    ...(name !== undefined && { name }),
    ...(email !== undefined && { email }),
    ...(externalId !== undefined && { externalId }),
  };
}

function created({ world, url }: Call, { name, ...given }: ReturnType<typeof readUser>): Response {
  if (name === undefined || name === "")
    return invalid("name", "Name: is too short (minimum one character)", "TooShort");
  return Response.json({ user: wireUser(world.addUser({ name, ...given }), url) }, { status: 201 });
}

/** `email:ada@example.com`, or words in the name or the address. */
function fits({ name, email = "" }: User, words: string): boolean {
  const [, wanted] = /^email:\s*"?([^"\s]+)"?$/i.exec(words.trim()) ?? [];
  if (wanted !== undefined) return email.toLowerCase() === wanted.toLowerCase();
  const text = `${name} ${email}`.toLowerCase();
  return words
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word.replace(/^\w+:/, "")));
}
