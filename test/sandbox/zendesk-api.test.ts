import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { openDesk } from "./zendesk-stage.ts";

describe("tickets", () => {
  test("a new ticket has its requester, its first comment and what else was said of it", async () => {
    await using desk = await openDesk();
    const {
      json: { groups },
    } = await desk.api("GET", "groups");
    const { status, headers, json } = await desk.api("POST", "tickets.json", {
      ticket: {
        subject: "My printer",
        comment: { body: "It is on fire.\nReally." },
        requester: { name: "Dora", email: "dora@example.com" },
        external_id: "1597931771.007500",
        type: "question",
        priority: "high",
        group_id: groups[1].id,
        tags: ["Bot"],
        custom_fields: [{ id: 360001, value: "https://example.com/p1" }],
      },
    });
    expect(status).toBe(201);
    expect(headers.get("location")).toBe(json.ticket.url);
    expect(json.ticket).toMatchObject({
      subject: "My printer",
      description: "It is on fire.\nReally.",
      external_id: "1597931771.007500",
      status: "new",
      type: "question",
      priority: "high",
      group_id: groups[1].id,
      tags: ["bot"],
      custom_fields: [{ id: 360001, value: "https://example.com/p1" }],
      via: { channel: "api" },
    });
    const {
      json: { user },
    } = await desk.api("GET", `users/${json.ticket.requester_id}`);
    expect(user).toMatchObject({ name: "Dora", email: "dora@example.com", role: "end-user" });
    const {
      json: { comments, users },
    } = await desk.api("GET", `tickets/${json.ticket.id}/comments?include=users`);
    expect(comments).toMatchObject([{ body: "It is on fire.\nReally.", public: true, via: { channel: "api" } }]);
    expect(users).toMatchObject([{ name: "moe", role: "admin" }]);
    expect(json.audit.events[0]).toMatchObject({ type: "Comment", id: comments[0].id });
  });

  test("the asker is found by the e-mail in any case, and not made twice", async () => {
    await using desk = await openDesk();
    const one = await desk.open({ requester: { name: "Ada Lovelace", email: "ADA@example.com" } });
    const two = await desk.open({ requester: { email: "ada@example.com" } });
    expect(one.requester_id).toBe(two.requester_id);
    const { json } = await desk.api("GET", `users/search?query=${encodeURIComponent("email:ada@example.com")}`);
    expect(json.users).toMatchObject([{ id: one.requester_id, name: "Ada" }]);
  });

  test("the same text makes a second ticket, the same key the same one", async () => {
    await using desk = await openDesk();
    const ticket = { subject: "My printer", comment: { body: "again" } };
    const call = { headers: { "idempotency-key": "k1" } };
    const first = await desk.api("POST", "tickets", { ticket }, call);
    const same = await desk.api("POST", "tickets", { ticket }, call);
    const other = await desk.api("POST", "tickets", { ticket });
    expect([first, same, other].map(({ headers }) => headers.get("x-idempotency-lookup"))).toEqual([
      "miss",
      "hit",
      null,
    ]);
    expect(same.json).toEqual(first.json);
    expect(other.json.ticket.id).not.toBe(first.json.ticket.id);
    const changed = await desk.api("POST", "tickets", { ticket: { ...ticket, priority: "low" } }, call);
    expect(changed).toMatchObject({
      status: 400,
      json: { error: "IdempotentRequestError", description: expect.stringContaining("don't match") },
    });
    const { json } = await desk.api("GET", "tickets/count");
    expect(json.count.value).toBe(3);
  });

  test("tickets are found by their external id, which need not be unique", async () => {
    await using desk = await openDesk();
    const ids = [(await desk.open({ external_id: "a/1" })).id, (await desk.open({ external_id: "a/1" })).id];
    await desk.open({ external_id: "a/2" });
    const { json } = await desk.api("GET", `tickets?external_id=${encodeURIComponent("a/1")}`);
    expect(json.tickets.map(({ id }: { id: number }) => id)).toEqual(ids);
  });

  test("an update adds a comment, sets fields and solves what nobody had", async () => {
    await using desk = await openDesk();
    const { id } = await desk.open();
    const { json } = await desk.api("PUT", `tickets/${id}`, {
      ticket: { comment: { body: "put out", public: false }, status: "solved", tags: ["fire"] },
    });
    expect(json.ticket).toMatchObject({ status: "solved", tags: ["fire"], assignee_id: json.audit.author_id });
    expect(json.audit.events).toMatchObject([
      { type: "Comment", public: false },
      { field_name: "status", value: "solved", previous_value: "new" },
      { field_name: "assignee_id" },
      { field_name: "tags", value: ["fire"] },
    ]);
    const shown = await desk.shown(id);
    expect(shown.map(({ text, visibility }) => [text, visibility])).toEqual([
      ["It is on fire.", "everyone"],
      ["put out", "agents"],
    ]);
  });

  test("a comment can be somebody else's, and followers and copies are put one by one", async () => {
    await using desk = await openDesk();
    const { id } = await desk.open();
    const {
      json: { users },
    } = await desk.api("GET", "users/search?query=ada");
    const { json } = await desk.api(
      "PUT",
      `tickets/${id}`,
      {
        ticket: {
          comment: { body: "any news?", author_id: users[0].id },
          followers: [
            { user_email: "grace@example.com", action: "put" },
            { user_email: "ada@example.com", action: "put" },
          ],
          email_ccs: [{ user_email: "bob@example.com" }],
        },
      },
      {},
    );
    expect(json.ticket).toMatchObject({ follower_ids: [expect.any(Number)], email_cc_ids: [expect.any(Number)] });
    expect((await desk.shown(id)).at(-1)).toMatchObject({ author: "ada", self: false });
    const again = await desk.api(
      "PUT",
      `tickets/${id}`,
      {
        ticket: { followers: [{ user_email: "grace@example.com", action: "delete" }] },
      },
      {},
    );
    expect(again.json.ticket.follower_ids).toEqual([]);
  });

  test("a closed ticket cannot be changed, but followed", async () => {
    await using desk = await openDesk();
    const { id, subject } = await desk.open();
    await desk.api("PUT", `tickets/${id}`, { ticket: { status: "closed" } });
    const { status, json } = await desk.api("PUT", `tickets/${id}`, { ticket: { comment: { body: "more" } } });
    expect(status).toBe(422);
    expect(json).toEqual({
      error: "RecordInvalid",
      description: "Record validation errors",
      details: { status: [{ description: "Status: closed prevents ticket update", error: "InvalidValue" }] },
    });
    const next = await desk.open({ via_followup_source_id: id });
    expect(next.via.source).toEqual({ from: { ticket_id: id, subject }, to: {}, rel: "follow_up" });
    expect((await desk.api("GET", `tickets/${id}`)).json.ticket.followup_ids).toEqual([next.id]);
    const open = await desk.api("POST", "tickets", {
      ticket: { comment: { body: "x" }, via_followup_source_id: next.id },
    });
    expect(open.status).toBe(422);
  });

  test("a ticket without a subject begins with its comment", async () => {
    await using desk = await openDesk();
    const { json } = await desk.api("POST", "tickets", { ticket: { comment: { body: "x".repeat(200) } } });
    expect(json.ticket.subject).toBe("x".repeat(150));
  });

  test("a stale safe update is a conflict", async () => {
    await using desk = await openDesk();
    const { id, updated_at } = await desk.open();
    const update = (updated_stamp: string) =>
      desk.api("PUT", `tickets/${id}`, { ticket: { priority: "low", safe_update: true, updated_stamp } });
    expect(await update("2026-01-01T00:00:00Z")).toMatchObject({ status: 409, json: { error: "UpdateConflict" } });
    expect(await update(updated_at)).toMatchObject({ status: 200 });
  });

  test("what was deleted is not there any more", async () => {
    await using desk = await openDesk();
    const { id } = await desk.open({ external_id: "gone" });
    expect((await desk.api("DELETE", `tickets/${id}`)).status).toBe(204);
    const answer = await desk.api("GET", `tickets/${id}`);
    expect(answer).toMatchObject({ status: 404, json: { error: "RecordNotFound", description: "Not found" } });
    expect((await desk.api("GET", "tickets?external_id=gone")).json.tickets).toEqual([]);
  });

  test.each<[string, object]>([
    ["without a comment", { subject: "x" }],
    ["with an empty comment", { comment: { body: " " } }],
    ["with a comment of 100 KB", { comment: { body: "x".repeat(100_000) } }],
    ["with a subject of 151 characters", { subject: "x".repeat(151), comment: { body: "x" } }],
    ["of the type `ticket`", { type: "ticket", comment: { body: "x" } }],
    ["of an unknown priority", { priority: "now", comment: { body: "x" } }],
    ["of an unknown status", { status: "done", comment: { body: "x" } }],
    ["of an unknown group", { group_id: 5, comment: { body: "x" } }],
    ["for an unknown requester", { requester_id: 5, comment: { body: "x" } }],
    ["for a requester without an address", { requester: { name: "Ada" }, comment: { body: "x" } }],
    ["for a new requester without a name", { requester: { email: "new@example.com" }, comment: { body: "x" } }],
    ["for a requester whose address is none", { requester: { name: "A", email: "a" }, comment: { body: "x" } }],
    ["assigned to a customer", { assignee_email: "ada@example.com", comment: { body: "x" } }],
    ["with a file that was not uploaded", { comment: { body: "x", uploads: ["nope"] } }],
  ])("a ticket %s is refused", async (_, ticket) => {
    await using desk = await openDesk();
    const { status, json } = await desk.api("POST", "tickets", { ticket }, { isOdd: true });
    expect(status).toBe(422);
    expect(json).toMatchObject({ error: "RecordInvalid", details: expect.any(Object) });
    expect((await desk.hooks()).length).toBe(0);
  });

  test("tags are added, set and taken away", async () => {
    await using desk = await openDesk();
    const { id } = await desk.open({ tags: ["a"] });
    const odd = { isOdd: true };
    expect((await desk.api("PUT", `tickets/${id}/tags`, { tags: ["b"] }, odd)).json.tags).toEqual(["a", "b"]);
    expect((await desk.api("DELETE", `tickets/${id}/tags`, { tags: ["a"] }, odd)).json.tags).toEqual(["b"]);
    expect((await desk.api("POST", `tickets/${id}/tags`, { tags: ["c"] }, odd)).json.tags).toEqual(["c"]);
  });
});

describe("lists", () => {
  test("comments come in pages, by cursor and by number, oldest or newest first", async () => {
    await using desk = await openDesk();
    const { id } = await desk.open();
    for (const body of ["two", "three"]) await desk.api("PUT", `tickets/${id}`, { ticket: { comment: { body } } });
    const bodies: string[] = [];
    let next = `tickets/${id}/comments?sort=-created_at&page[size]=2`;
    for (let more = true; more; ) {
      const { json } = await desk.api("GET", next, undefined, { isOdd: true });
      bodies.push(...json.comments.map(({ body }: { body: string }) => body));
      more = json.meta.has_more;
      next = json.links.next?.slice(desk.credentials.apiUrl!.length + 1);
    }
    expect(bodies).toEqual(["three", "two", "It is on fire."]);
    const { json } = await desk.api("GET", `tickets/${id}/comments?per_page=1&page=2`, undefined, { isOdd: true });
    expect(json).toMatchObject({ count: 3, comments: [{ body: "two" }], next_page: expect.stringContaining("page=3") });
  });

  test("the search knows tickets by status, day, person and external id", async () => {
    await using desk = await openDesk();
    const { id } = await desk.open({ external_id: "x1", requester: { email: "ada@example.com" }, tags: ["bot"] });
    const done = await desk.open();
    await desk.api("PUT", `tickets/${done.id}`, { ticket: { status: "solved" } });
    const day = new Date().toISOString().slice(0, 10);
    const found = async (query: string) => {
      const { json } = await desk.api("GET", `search?query=${encodeURIComponent(query)}&sort_order=asc`);
      return json.results.map((result: { id: number }) => result.id);
    };
    expect(await found("type:ticket status<solved tags:bot")).toEqual([id]);
    expect(await found("type:ticket status:solved")).toEqual([done.id]);
    expect(await found("type:ticket requester:ada@example.com external_id:x1")).toEqual([id]);
    expect(await found(`type:ticket created:${day} subject:"my printer" status:new`)).toEqual([id]);
    expect(await found(`type:ticket created<${day}`)).toEqual([]);
    expect(await found("type:user email:ada@example.com")).toHaveLength(1);
  });
});

describe("people", () => {
  test("somebody is created once, by an external id where there is no address", async () => {
    await using desk = await openDesk();
    const put = (user: object) => desk.api("POST", "users/create_or_update", { user });
    const first = await put({ name: "U1 (slack)", external_id: "slack:U1" });
    const second = await put({ name: "Ursula", external_id: "slack:U1" });
    expect([first.status, second.status]).toEqual([201, 200]);
    expect(second.json.user).toMatchObject({ id: first.json.user.id, name: "Ursula", email: null });
    const { json } = await desk.api("GET", "users/search?external_id=slack:U1", undefined);
    expect(json.users).toMatchObject([{ id: first.json.user.id }]);
    expect((await put({ name: "Ada", email: "ada@example.com" })).status).toBe(200);
    expect((await put({ name: "", email: "nobody@example.com" })).status).toBe(422);
    expect((await put({ name: "N", email: "nobody" })).status).toBe(422);
    const twice = await desk.api("POST", "users", { user: { name: "Ada", email: "ada@example.com" } });
    expect(twice).toMatchObject({ status: 422, json: { details: { email: [{ error: "DuplicateValue" }] } } });
  });

  test("the bot can see who it is, and who is in the groups", async () => {
    await using desk = await openDesk();
    expect((await desk.api("GET", "users/me.json")).json.user).toMatchObject({ name: "moe", role: "admin" });
    expect((await desk.api("GET", "groups")).json.groups).toMatchObject([{ name: "Support" }, { name: "Platform" }]);
    expect((await desk.api("GET", "users/1")).status).toBe(404);
  });
});

describe("files", () => {
  test("two uploads with one token come with a comment, once, and can be had", async () => {
    await using desk = await openDesk();
    const first = await desk.api("POST", "uploads?filename=a.txt", undefined, { file: "one", isOdd: true });
    const { token } = first.json.upload;
    await desk.api("POST", `uploads?filename=b.txt&token=${token}`, undefined, { file: "two", isOdd: true });
    const { id } = await desk.open({ comment: { body: "see", uploads: [token] } });
    const { json } = await desk.api("GET", `tickets/${id}/comments`);
    const [{ attachments }] = json.comments;
    expect(attachments).toMatchObject([
      { file_name: "a.txt", size: 3, content_type: "text/plain" },
      { file_name: "b.txt" },
    ]);
    expect(await (await fetch(attachments[1].content_url)).text()).toBe("two");
    expect((await desk.shown(id))[0]!.attachments.map(({ name }) => name)).toEqual(["a.txt", "b.txt"]);
    const again = await desk.api("PUT", `tickets/${id}`, { ticket: { comment: { body: "x", uploads: [token] } } });
    expect(again.status).toBe(422);
  });

  test("50 MB are the limit", async () => {
    await using desk = await openDesk();
    const file = "x".repeat(50 * 1024 * 1024 + 1);
    const { status } = await desk.api("POST", "uploads?filename=a.txt", undefined, { file, isOdd: true });
    expect(status).toBe(413);
  });
});

describe("who may call", () => {
  test("an OAuth token, one of client credentials, and an API token may; others may not", async () => {
    await using desk = await openDesk();
    const { oauthToken } = desk.credentials;
    const me = (authorization: string) => desk.api("GET", "users/me", undefined, { headers: { authorization } });
    const basic = (text: string) => `Basic ${Buffer.from(text).toString("base64")}`;
    const grant = async (more: object) => {
      const response = await fetch(`${desk.base}/sandbox/zendesk/oauth/tokens`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({
          grant_type: "client_credentials",
          client_id: "zendesk-sync",
          client_secret: oauthToken,
          scope: "tickets:read tickets:write users:read users:write",
          expires_in: 3600,
          ...more,
        }),
      });
      return { status: response.status, json: (await response.json()) as Record<string, unknown> };
    };
    expect((await me(`Bearer ${oauthToken}`)).json.user.name).toBe("moe");
    expect((await me(basic(`moe@example.com/token:${oauthToken}`))).json.user.name).toBe("moe");
    expect((await me(basic(`grace@example.com/token:${oauthToken}`))).json.user.name).toBe("Grace");
    for (const wrong of [
      "",
      "Bearer x",
      basic(`moe@example.com:${oauthToken}`),
      basic("moe@example.com/token:x"),
      basic(`ada@example.com/token:${oauthToken}`),
    ]) {
      expect(await me(wrong)).toMatchObject({ status: 401, json: { error: "Couldn't authenticate you" } });
    }
    const { status, json } = await grant({});
    expect([status, json]).toEqual([
      201,
      expect.objectContaining({ token_type: "bearer", expires_in: 3600, scope: expect.stringContaining("users:read") }),
    ]);
    expect((await me(`Bearer ${json.access_token}`)).status).toBe(200);
    expect(await grant({ client_secret: "x" })).toMatchObject({ status: 401, json: { error: "invalid_client" } });
    expect(await grant({ client_id: "x" })).toMatchObject({ status: 401 });
    expect(await grant({ grant_type: "password" })).toMatchObject({ status: 400 });
    expect(await grant({ expires_in: 10 })).toMatchObject({ status: 400 });
  });

  test("somebody lets the bot in: a code for tokens once, and new tokens for the old", async () => {
    await using desk = await openDesk();
    const root = `${desk.base}/sandbox/zendesk/oauth`;
    const redirect_uri = `${desk.bot.url}/zendesk/oauth`;
    const verifier = "a verifier that is long enough for anybody to be content";
    const asked = new URLSearchParams({
      response_type: "code",
      client_id: "zendesk-sync",
      redirect_uri,
      scope: "read write",
      state: "s1",
      code_challenge: createHash("sha256").update(verifier).digest("base64url"),
      code_challenge_method: "S256",
    });
    const page = await (await fetch(`${root}/authorizations/new?${asked}`)).text();
    const [allow, deny] = Array.from(page.matchAll(/href="([^"]+)"/g), ([, href]) => href!.replaceAll("&#38;", "&"));
    const denied = await fetch(deny!, { redirect: "manual" });
    expect(denied.headers.get("location")).toBe(`${redirect_uri}?error=access_denied&state=s1`);
    const back = new URL((await fetch(allow!, { redirect: "manual" })).headers.get("location")!);
    expect(back.searchParams.get("state")).toBe("s1");
    const exchange = async (more: object) => {
      const common = { client_id: "zendesk-sync", client_secret: desk.credentials.oauthToken };
      const body = JSON.stringify({ ...common, ...more });
      const headers = { "content-type": "application/json" };
      const response = await fetch(`${root}/tokens`, { method: "POST", headers, body });
      return { status: response.status, json: (await response.json()) as Record<string, string> };
    };
    const code = back.searchParams.get("code");
    const grant = { grant_type: "authorization_code", code, redirect_uri, code_verifier: verifier };
    const first = await exchange(grant);
    expect(first).toMatchObject({ status: 201, json: { scope: "read write", refresh_token: expect.any(String) } });
    expect(await exchange(grant)).toMatchObject({ status: 400, json: { error: "invalid_grant" } });
    const me = ({ access_token }: Record<string, string>) =>
      desk.api("GET", "users/me", undefined, { headers: { authorization: `Bearer ${access_token}` } });
    expect((await me(first.json)).status).toBe(200);
    const refresh = { grant_type: "refresh_token", refresh_token: first.json.refresh_token };
    const second = await exchange(refresh);
    expect(second.status).toBe(201);
    expect([(await me(first.json)).status, (await me(second.json)).status]).toEqual([401, 200]);
    expect((await exchange(refresh)).status).toBe(400);
    asked.set("redirect_uri", "https://elsewhere.example");
    expect((await fetch(`${root}/authorizations/new?${asked}`)).status).toBe(400);
  });

  test("the bot may call on behalf of somebody it names", async () => {
    await using desk = await openDesk();
    const me = (email: string) => desk.api("GET", "users/me", undefined, { headers: { "x-on-behalf-of": email } });
    expect((await me("linus@example.com")).json.user).toMatchObject({ name: "Linus", role: "agent" });
    expect((await me("nobody@example.com")).status).toBe(403);
  });

  test("a token whose scope was sent as a list is good for nothing", async () => {
    await using desk = await openDesk();
    const response = await fetch(`${desk.base}/sandbox/zendesk/oauth/tokens`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        grant_type: "client_credentials",
        client_id: "zendesk-sync",
        client_secret: desk.credentials.oauthToken,
        scope: ["read", "write"],
      }),
    });
    expect(response.status).toBe(201);
    const { access_token } = (await response.json()) as { access_token: string };
    const headers = { authorization: `Bearer ${access_token}` };
    expect(await desk.api("GET", "users/me", undefined, { headers })).toMatchObject({
      status: 403,
      json: { error: { title: "Forbidden" } },
    });
  });
});

describe("faults", () => {
  test("each goes by Zendesk's name of the call, and a 429 says how long to wait", async () => {
    await using desk = await openDesk();
    const fault = (body: object) => desk.control("/zendesk/faults", body);
    await fault({ on: "CreateTicket", kind: "429", retryAfter: 7 });
    const limited = await desk.api("POST", "tickets", { ticket: { comment: { body: "x" } } });
    expect(limited.status).toBe(429);
    expect(limited.headers.get("retry-after")).toBe("7");
    expect(limited.headers.get("x-rate-limit-remaining")).toBe("699");
    await fault({ on: "CreateTicket", kind: "500" });
    expect((await desk.api("POST", "tickets", { ticket: { comment: { body: "x" } } })).status).toBe(500);
    await fault({ on: "CreateTicket", kind: "lost-answer" });
    const call = { headers: { "idempotency-key": "once" } };
    await expect(desk.open({ external_id: "e" }, call)).rejects.toThrow();
    const { id } = await desk.open({ external_id: "e" }, call);
    const { json } = await desk.api("GET", "tickets?external_id=e");
    expect(json.tickets.map((ticket: { id: number }) => ticket.id)).toEqual([id]);
  });

  test("what is no call of the API is not found, and what is no JSON is refused", async () => {
    await using desk = await openDesk();
    expect((await desk.api("GET", "nothing", undefined, { isOdd: true })).status).toBe(404);
    const headers = { "content-type": "application/json" };
    const broken = await desk.api("POST", "tickets", undefined, { file: "{", headers, isOdd: true });
    expect(broken.status).toBe(400);
    const empty = await desk.api("POST", "tickets", {});
    expect(empty.status).toBe(400);
  });
});
