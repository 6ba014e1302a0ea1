import { describe, expect, test } from "vitest";
import { twitter } from "../../../src/adapters/twitter/index.ts";
import { HobnobError, type Receipt } from "../../../src/core/index.ts";
import { bot, challenge, fixture, secret, signed, startTwitter } from "./started.ts";

describe("X's challenge", () => {
  test("is answered as JSON with the token's signature", async () => {
    await using adapter = await startTwitter();
    const answer = await adapter.deliver(challenge("crc_token=challenge_string&nonce=1"));
    expect(answer).toEqual({
      status: 200,
      headers: { "content-type": "application/json" },
      body: '{"response_token":"sha256=7Ez6w6krNQWUlmhh7VZqHPA5Ioyf/idhjq/n6gNIVn4="}',
    });
  });

  test("is answered before the start, and while storing hangs", async () => {
    const early = twitter({ appSecret: secret });
    expect((await early.webhook!(challenge("crc_token=challenge_string"))).status).toBe(200);
    const storing = Promise.withResolvers<Receipt>();
    await using adapter = await startTwitter({}, { receive: () => storing.promise });
    const stuck = adapter.deliver(signed(fixture("mention")));
    expect((await adapter.deliver(challenge("crc_token=challenge_string"))).status).toBe(200);
    storing.resolve({ event: "e", duplicate: false });
    expect((await stuck).status).toBe(200);
  });

  test.each(["", "crc_token=", "crc_token=a&crc_token=b", "token=a", `crc_token=${"a".repeat(513)}`])(
    "without one good token is refused: %j",
    async (query) => {
      await using adapter = await startTwitter();
      expect((await adapter.deliver(challenge(query))).status).toBe(400);
    },
  );

  test("does not sign what could be an event", async () => {
    await using adapter = await startTwitter();
    const body = JSON.stringify({ for_user_id: bot });
    const answer = await adapter.deliver(challenge(`crc_token=${encodeURIComponent(body)}`));
    expect(answer.status).toBe(400);
    expect(answer.body).not.toContain("sha256=");
  });
});

describe("the signature", () => {
  const body =
    '{"for_user_id":"4337869213","direct_message_events":[{"type":"message_create","id":"954491830116155396"}]}';
  const header = "sha256=uUFauitFHNxEtXUtPFbi4sISeON0DKtg6INGA2JApHo=";
  const deliver = async (change: object, bytes = body) => {
    await using adapter = await startTwitter();
    const good = signed(bytes);
    const answer = await adapter.deliver({ ...good, headers: { ...good.headers, ...change } });
    return { status: answer.status, events: adapter.events.length, lines: JSON.stringify(adapter.lines), answer };
  };

  test("is the one that X computes", () => {
    expect(signed(body).headers["x-twitter-webhooks-signature"]).toBe(header);
  });

  test("lets X's own body in", async () => {
    expect((await deliver({ "x-twitter-webhooks-signature": header })).status).toBe(200);
  });

  test.each([
    ["missing", undefined],
    ["empty", ""],
    ["of another body", header.replace("uUFa", "uUFb")],
    ["doubled", [header, header]],
    ["bare", header.slice("sha256=".length)],
    ["longer", `${header}=`],
  ])("that is %s is refused with 403, and nothing is received", async (_, value) => {
    const { status, events, lines, answer } = await deliver({ "x-twitter-webhooks-signature": value });
    expect([status, events]).toEqual([403, 0]);
    expect(String(answer.body)).toContain("TWITTER_APP_SECRET");
    expect(lines + answer.body).not.toContain(secret);
  });

  test("of another app is refused", async () => {
    await using adapter = await startTwitter();
    expect((await adapter.deliver(signed(fixture("mention"), "another"))).status).toBe(403);
    expect(adapter.events).toEqual([]);
  });
});

test("an event is answered with 200 once it is stored, and the answer names it", async () => {
  await using adapter = await startTwitter();
  expect(await adapter.deliver(signed(fixture("mention")))).toMatchObject({
    status: 200,
    headers: { "content-type": "application/json" },
    acknowledges: "message 1990000000000000101",
  });
});

test("no answer leaves while one of several events is not stored yet", async () => {
  const storing = Promise.withResolvers<Receipt>();
  let count = 0;
  await using adapter = await startTwitter(
    {},
    { receive: async () => (++count === 2 ? storing.promise : { event: "e", duplicate: false }) },
  );
  let answered = false;
  const answer = adapter.deliver(signed(fixture("posts-and-directs"))).finally(() => {
    answered = true;
  });
  for (let turn = 0; turn < 10; turn++) await new Promise(setImmediate);
  expect([count, answered]).toEqual([3, false]);
  storing.resolve({ event: "e", duplicate: false });
  expect((await answer).status).toBe(200);
});

test("an event that cannot be stored is answered with 503", async () => {
  const full = new HobnobError("STORAGE_FULL", "The disk is full.");
  await using adapter = await startTwitter({}, { receive: () => Promise.reject(full) });
  const answer = await adapter.deliver(signed(fixture("mention")));
  expect(answer.status).toBe(503);
  expect(String(answer.body)).toContain("STORAGE_FULL");
});

describe("something broken", () => {
  const breakage: readonly [string, (post: Record<string, unknown>) => void][] = [
    ["an id that is a number only", (post) => delete post.id_str],
    ["an id that is no number", (post) => Object.assign(post, { id_str: "../1" })],
    ["no author", (post) => delete post.user],
    ["an author without an id", (post) => Object.assign(post, { user: { id: 1 } })],
    ["no time", (post) => Object.assign(post, { created_at: "x", timestamp_ms: null })],
    ["a text that is an object", (post) => Object.assign(post, { text: {} })],
    ["entities that are a text", (post) => Object.assign(post, { entities: "x" })],
    ["mentions that are no objects", (post) => Object.assign(post, { entities: { user_mentions: [1] } })],
  ];

  test.each(breakage)("alone gets a 400: %s", async (_, breakIt) => {
    await using adapter = await startTwitter();
    const body = fixture("mention");
    breakIt(body.tweet_create_events[0]);
    const answer = await adapter.deliver(signed(body));
    expect(answer.status).toBe(400);
    expect(String(answer.body)).toContain("WEBHOOK_INVALID");
    expect(adapter.events).toEqual([]);
  });

  test.each([...breakage, ["null", undefined] as const])(
    "does not cost what stands beside it: %s",
    async (_, breakIt) => {
      await using adapter = await startTwitter();
      const body = fixture("posts-and-directs");
      if (breakIt) breakIt(body.tweet_create_events[0]);
      else body.tweet_create_events[0] = null;
      const answer = await adapter.deliver(signed(body));
      expect(answer.status).toBe(200);
      expect(adapter.events.map(({ id }) => id)).toEqual(["1990000000000000102", "1990000000000000304"]);
      expect(adapter.lines).toEqual([
        {
          level: "warn",
          fields: expect.objectContaining({ kind: "tweet_create_events" }),
          sentence: expect.any(String),
        },
      ]);
    },
  );

  test("a list of posts that is none does not cost the direct messages", async () => {
    await using adapter = await startTwitter();
    await adapter.deliver(signed({ ...fixture("posts-and-directs"), tweet_create_events: "x" }));
    expect(adapter.events.map(({ id }) => id)).toEqual(["1990000000000000304"]);
  });

  test.each<[string, unknown]>([
    ["nothing", ""],
    ["a cut body", JSON.stringify(fixture("mention")).slice(0, -9)],
    ["bytes that are no UTF-8", Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])],
    ["a list", "[]"],
    ["an object of something else", '{"hello":"world"}'],
    ["a for_user_id that is a number", { ...fixture("mention"), for_user_id: 2244994945 }],
    ["everything under __proto__", `{"__proto__":${JSON.stringify(fixture("mention"))}}`],
    ["an activity without a payload", { data: { event_type: "post.mention.create", filter: { user_id: bot } } }],
    ["a direct message that is none", { data: { event_type: "dm.received", filter: { user_id: bot }, payload: {} } }],
  ])("a signed body that is %s gets a short 400", async (_, body) => {
    await using adapter = await startTwitter();
    const answer = await adapter.deliver(signed(body));
    expect(answer.status).toBe(400);
    expect(String(answer.body).length).toBeLessThan(300);
    expect(adapter.events).toEqual([]);
  });

  test("a sender called __proto__ is refused, and one called so in the list of users does no harm", async () => {
    await using adapter = await startTwitter();
    const body = fixture("direct");
    body.direct_message_events[0].message_create.sender_id = "__proto__";
    expect((await adapter.deliver(signed(body))).status).toBe(400);
    const odd = JSON.stringify(fixture("direct")).replace('"users":{', '"users":{"__proto__":{"name":"x"},');
    expect((await adapter.deliver(signed(odd))).status).toBe(200);
    expect(({} as { name?: string }).name).toBeUndefined();
  });
});

test("other methods are refused, and before its start nothing is acknowledged", async () => {
  await using adapter = await startTwitter();
  expect((await adapter.deliver({ ...signed(fixture("mention")), method: "PUT" })).status).toBe(405);
  const early = twitter({ appSecret: secret });
  expect((await early.webhook!(signed(fixture("mention")))).status).toBe(503);
});

test("neither texts nor secrets are logged", async () => {
  await using adapter = await startTwitter();
  await adapter.deliver(signed(fixture("mention"), "another"));
  const body = fixture("posts-and-directs");
  delete body.tweet_create_events[0].user;
  await adapter.deliver(signed(body));
  const logged = JSON.stringify(adapter.lines);
  for (const text of ["MoeRand", "moerand", secret, "Jordan"]) expect(logged).not.toContain(text);
});
