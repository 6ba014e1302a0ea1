import { createHmac } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { signRequest } from "../../src/sandbox/twitter/signature.ts";
import { openStage } from "./stage.ts";

let stage: Awaited<ReturnType<typeof openStage>>;
let keys: Readonly<Record<string, string>>;

beforeAll(async () => {
  stage = await openStage();
  keys = stage.sandbox.connect({ platform: "twitter", name: "twitter", webhook: `${stage.bot.url}/twitter` })!;
});

beforeEach(async () => {
  await stage.control("/reset", {});
});

afterAll(() => stage[Symbol.asyncDispose]());

/** An OAuth 1.0a header, made with these changes. */
function oauth(method: string, url: string, change: Readonly<Record<string, string>> = {}): string {
  const { appSecret = keys.appSecret!, accessSecret = keys.accessSecret!, ...fields } = change;
  const given: Record<string, string> = {
    oauth_consumer_key: keys.appKey!,
    oauth_nonce: String(Math.random()),
    oauth_signature_method: "HMAC-SHA1",
    oauth_timestamp: String(Math.floor(Date.now() / 1000)),
    oauth_token: keys.accessToken!,
    oauth_version: "1.0",
    ...fields,
  };
  const { origin, pathname, searchParams } = new URL(url);
  const parameters = [...searchParams, ...Object.entries(given)];
  given.oauth_signature = signRequest(
    { method, url: `${origin}${pathname}`, parameters },
    { app: appSecret, token: accessSecret },
  );
  const pairs = Object.entries(given).map(([name, value]) => `${name}="${encodeURIComponent(value)}"`);
  return `OAuth ${pairs.join(", ")}`;
}

interface Called {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: a test looks at what the wire brings
  readonly json: any;
}

async function call(method: string, path: string, body?: object, authorization?: string): Promise<Called> {
  const url = `${keys.apiUrl}2/${path}`;
  const response = await fetch(url, {
    method,
    headers: { authorization: authorization ?? oauth(method, url), "content-type": "application/json" },
    ...(body && { body: JSON.stringify(body) }),
  });
  return { status: response.status, headers: response.headers, json: await response.json() };
}

const post = (body: object) => call("POST", "tweets", body);

async function say(said: object): Promise<string> {
  const response = await stage.control("/twitter/say", said);
  return ((await response.json()) as { id: string }).id;
}

/** The bot's events about a post or message, once there are so many. */
async function events(id: string, count = 1): Promise<typeof stage.bot.received> {
  for (;;) {
    const about = stage.bot.received.filter(({ body }) => body.includes(id));
    if (about.length >= count) return about;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

describe("OAuth 1.0a", () => {
  const parameters = [
    ["include_entities", "true"],
    ["status", "Hello Ladies + Gentlemen, a signed OAuth request!"],
    ["oauth_consumer_key", "xvz1evFS4wEEPTGEFPHBog"],
    ["oauth_nonce", "kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg"],
    ["oauth_signature_method", "HMAC-SHA1"],
    ["oauth_timestamp", "1318622958"],
    ["oauth_token", "370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb"],
    ["oauth_version", "1.0"],
  ] as const;
  const secrets = {
    app: "kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw",
    token: "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE",
  };

  test.each([
    ["https://api.x.com/1.1/statuses/update.json", "Ls93hJiZbQ3akF3HF3x1Bz8/zU4="],
    ["https://api.twitter.com/1.1/statuses/update.json", "hCtSmYh+iHYCEqBWrE7C7hYmtUk="],
    ["https://api.twitter.com/1/statuses/update.json", "tnnArxj06cWHq44gCs1OSKk/jLY="],
  ])("of X's own example at %s is %s", (url, signature) => {
    expect(signRequest({ method: "POST", url, parameters }, secrets)).toBe(signature);
  });

  test("lets a signed call in, with a query and without", async () => {
    expect(await call("GET", "users/me")).toMatchObject({ status: 200, json: { data: { username: "moe" } } });
    expect((await call("GET", "users/me?user.fields=name%2Cid&x=a%20b")).status).toBe(200);
  });

  test.each<[string, Readonly<Record<string, string>>]>([
    ["with another key's secret", { appSecret: "x" }],
    ["with another token's secret", { accessSecret: "x" }],
    ["with an unknown key", { oauth_consumer_key: "x" }],
    ["with an unknown token", { oauth_token: "x" }],
    ["of an hour ago", { oauth_timestamp: String(Math.floor(Date.now() / 1000) - 3600) }],
    ["without a time", { oauth_timestamp: "" }],
  ])("%s is refused", async (_, change) => {
    const url = `${keys.apiUrl}2/users/me`;
    const answer = await call("GET", "users/me", undefined, oauth("GET", url, change));
    expect(answer).toMatchObject({ status: 401, json: { title: "Unauthorized", status: 401 } });
  });

  test("made for another address or method, or used twice, is refused", async () => {
    const url = `${keys.apiUrl}2/users/me`;
    expect((await call("GET", "users/me?a=1", undefined, oauth("GET", url))).status).toBe(401);
    expect((await call("GET", "users/me", undefined, oauth("POST", url))).status).toBe(401);
    const once = oauth("GET", url);
    expect((await call("GET", "users/me", undefined, once)).status).toBe(200);
    expect((await call("GET", "users/me", undefined, once)).status).toBe(401);
  });

  test("nobody is let in", async () => {
    for (const header of ["", "OAuth", 'OAuth oauth_consumer_key="%"', "Bearer x", "Basic x"]) {
      expect((await call("GET", "users/me", undefined, header || "none")).status).toBe(401);
    }
  });
});

test("the app's token comes for key and secret, opens webhooks, and does not post", async () => {
  const ask = (pair: string) =>
    fetch(`${keys.apiUrl}oauth2/token`, {
      method: "POST",
      headers: { authorization: `Basic ${Buffer.from(pair).toString("base64")}` },
    });
  const response = await ask(`${keys.appKey}:${keys.appSecret}`);
  expect(await response.json()).toEqual({ token_type: "bearer", access_token: keys.bearerToken });
  expect((await ask(`${keys.appKey}:x`)).status).toBe(403);
  const bearer = `Bearer ${keys.bearerToken}`;
  expect((await call("GET", "webhooks", undefined, bearer)).json.meta).toEqual({ result_count: 1 });
  expect((await call("GET", "webhooks")).status).toBe(403);
  expect((await call("POST", "tweets", { text: "x" }, bearer)).status).toBe(403);
});

describe("a post of the bot", () => {
  test("answers who has called it, in X's own shape", async () => {
    const id = await say({ text: "@moe hello" });
    const answer = await post({ text: "Hi", reply: { in_reply_to_tweet_id: id } });
    expect(answer).toMatchObject({
      status: 201,
      json: { data: { text: "Hi", edit_history_tweet_ids: [expect.any(String)] } },
    });
    expect(answer.json.data.id).toMatch(/^\d{19}$/);
    expect(answer.headers.get("x-rate-limit-remaining")).toBe("99");
  });

  test("to somebody who has not called it is refused", async () => {
    const id = await say({ text: "hello" });
    expect(await post({ text: "Hi", reply: { in_reply_to_tweet_id: id } })).toMatchObject({
      status: 403,
      json: { detail: expect.stringContaining("you have not been mentioned") },
    });
    const quoted = await post({ text: "A post of the bot" });
    const quote = await say({ text: `well https://x.com/moe/status/${quoted.json.data.id}` });
    expect((await post({ text: "Hi", reply: { in_reply_to_tweet_id: quote } })).status).toBe(201);
  });

  test("with the same text again is refused, to another person not", async () => {
    const ids = [await say({ text: "@moe a" }), await say({ text: "@moe b", user: "grace" })];
    for (const id of ids) expect((await post({ text: "Hi", reply: { in_reply_to_tweet_id: id } })).status).toBe(201);
    expect(await post({ text: "Hi", reply: { in_reply_to_tweet_id: ids[0] } })).toMatchObject({
      status: 403,
      json: { detail: expect.stringContaining("duplicate content") },
    });
  });

  test.each<[string, object, number]>([
    ["280 letters", { text: "x".repeat(280) }, 201],
    ["281 letters", { text: "x".repeat(281) }, 403],
    ["140 Chinese letters", { text: "日".repeat(140) }, 201],
    ["141 Chinese letters", { text: "日".repeat(141) }, 403],
    ["a long link", { text: `https://example.com/${"x".repeat(300)}` }, 201],
    ["nothing", {}, 400],
    ["a text that is a number", { text: 1 }, 400],
    ["an answer to no post", { text: "x", reply: { in_reply_to_tweet_id: "1" } }, 403],
    ["unknown media", { text: "x", media: { media_ids: ["1"] } }, 400],
  ])("of %s gets %i", async (_, body, status) => {
    expect((await post(body)).status).toBe(status);
  });
});

test("direct messages have their own rules", async () => {
  const [sent] = await events(await say({ text: "hi", conversation: "@ada" }));
  const ada = sent!.json.direct_message_events[0].message_create.sender_id;
  const write = (body: object, to = ada) => call("POST", `dm_conversations/with/${to}/messages`, body);
  expect(await write({ text: "x".repeat(10_000) })).toMatchObject({
    status: 201,
    json: { data: { dm_event_id: expect.any(String) } },
  });
  expect((await write({ text: "x".repeat(10_001) })).status).toBe(400);
  expect((await write({})).status).toBe(400);
  expect((await write({ text: "x", attachments: [{ media_id: "1" }, { media_id: "2" }] })).status).toBe(400);
  expect((await write({ text: "x" }, "1")).status).toBe(400);
  const listed = await call("GET", `dm_conversations/with/${ada}/dm_events`);
  expect(listed.json.data.map(({ text }: { text: string }) => text.length)).toEqual([10_000, 2]);
});

describe("an event", () => {
  test("of a post carries both an exact id and X's own rounded one, and a good signature", async () => {
    const id = await say({ text: "@moe Tom & <Jerry> https://example.com/a 👋 @grace" });
    const { headers, body, json } = (await events(id))[0]!;
    const mac = createHmac("sha256", keys.appSecret!).update(body).digest("base64");
    expect(headers["x-twitter-webhooks-signature"]).toBe(`sha256=${mac}`);
    expect(json.for_user_id).toBe(keys.botUserId);
    const [post] = json.tweet_create_events;
    expect(post.id_str).toBe(id);
    expect(BigInt(id)).toBeGreaterThan(2n ** 53n);
    expect(post.text).toMatch(/^@moe Tom &amp; &lt;Jerry&gt; https:\/\/t\.co\/\w{10} 👋 @grace$/u);
    const points = Array.from(String(post.text));
    for (const { screen_name, indices } of post.entities.user_mentions) {
      expect(points.slice(indices[0], indices[1]).join("")).toBe(`@${screen_name}`);
    }
    const [link] = post.entities.urls;
    expect(points.slice(link.indices[0], link.indices[1]).join("")).toBe(link.url);
    expect(link.expanded_url).toBe("https://example.com/a");
  });

  test("of a long post is cut, with the whole text beside it", async () => {
    const id = await say({ text: `@moe ${"word ".repeat(40)}end` });
    const [post] = (await events(id))[0]!.json.tweet_create_events;
    expect(post).toMatchObject({ truncated: true, text: expect.stringContaining("…") });
    expect(post.extended_tweet.full_text).toMatch(/ end$/);
  });

  test("comes for what concerns the bot only", async () => {
    const other = await say({ text: "nothing to see" });
    const own = await post({ text: "I am here" });
    const { id } = own.json.data;
    await say({ text: "hello", thread: id });
    await call("DELETE", `tweets/${id}`);
    const kinds = (await events(id, 3)).map(({ json }) => Object.keys(json).at(-1));
    expect(stage.bot.received.some(({ body }) => body.includes(other))).toBe(false);
    expect(kinds).toEqual(["tweet_create_events", "tweet_create_events", "tweet_delete_events"]);
  });
});

test("the same people have the same ids in every run, and starting over forgets the rest", async () => {
  const people = async () =>
    (
      (await (await stage.control("")).json()) as {
        platforms: { platform: string; people: string[]; conversations: { id: string }[] }[];
      }
    ).platforms.find(({ platform }) => platform === "twitter")!;
  const before = await people();
  expect(before.people).toEqual(["ada", "grace", "linus"]);
  await say({ text: "hello", user: "mallory" });
  expect((await people()).people).toContain("mallory");
  await stage.control("/reset", {});
  expect(await people()).toEqual(before);
});

test("a post is answered only where there is one, and places have to exist", async () => {
  for (const said of [
    { text: "x", thread: "1" },
    { text: "x", conversation: "general" },
    { text: "x", conversation: "@ada/other" },
  ]) {
    const response = await stage.control("/twitter/say", said);
    expect([response.status, await response.json()]).toMatchObject([400, { error: { code: "SANDBOX_INPUT" } }]);
  }
});
