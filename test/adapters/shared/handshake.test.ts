import { expect, test } from "vitest";
import { createHandshake, type HandshakeOptions } from "../../../src/adapters/shared/handshake.ts";
import {
  type Adapter,
  DeliveryError,
  HobnobError,
  RateLimitError,
  type WebhookResponse,
} from "../../../src/core/index.ts";
import { request, type StartOptions, startAdapter } from "../stage.ts";

/** An adapter that is nothing but its install pages. */
async function openHandshake(options: Partial<HandshakeOptions> = {}, start: StartOptions = {}) {
  const codes: string[] = [];
  const adapter: Adapter = {
    name: "acme-2",
    platform: "acme",
    limits: { textLength: 100, ackSeconds: 3, inlineAck: false },
    paths: ["/install", "/back"],
    missing: [],
    async start(host) {
      adapter.webhook = createHandshake({ ...defaults, host, ...options });
    },
    send: async (to) => ({ id: "1", conversation: to }),
  };
  const defaults = {
    adapter: adapter.name,
    platform: "Acme",
    installPath: "/install",
    redirectUri: `${start.url ?? "https://bot.example.com"}/back`,
    consentUrl: new URL("https://acme.com/allow?client_id=1"),
    codeRefused: ["invalid_code"],
    async install(code: string) {
      codes.push(code);
      return { title: "Installed", text: "There <you> are." };
    },
  };
  const bot = await startAdapter(adapter, start);
  const get = (path: string, query = "", cookie?: string) =>
    bot.deliver(request({ method: "GET", path, query, headers: cookie === undefined ? {} : { cookie } }));
  async function begin() {
    const { status, headers = {} } = await get("/install");
    const to = new URL(String(headers.location));
    return {
      status,
      to,
      set: String(headers["set-cookie"]),
      cookie: String(headers["set-cookie"]).split(";")[0]!,
      state: to.searchParams.get("state")!,
    };
  }
  async function back(query: string): Promise<WebhookResponse> {
    const { state, cookie } = await begin();
    return get("/back", `state=${state}&${query}`, cookie);
  }
  return { ...bot, codes, get, begin, back };
}

test("a person is led to the consent page and back", async () => {
  await using bot = await openHandshake();
  const { status, to, set, cookie, state } = await bot.begin();
  expect([status, to.origin + to.pathname, to.searchParams.get("client_id")]).toEqual([
    302,
    "https://acme.com/allow",
    "1",
  ]);
  expect(set).toBe(`hobnob-acme-2-install=${state}; Path=/back; Max-Age=600; HttpOnly; SameSite=Lax; Secure`);
  const page = await bot.get("/back", `state=${state}&code=a%2Fb`, cookie);
  expect(page).toMatchObject({ status: 200, body: expect.stringContaining("There &#60;you&#62; are.") });
  expect(page.headers).toMatchObject({
    "set-cookie": expect.stringContaining("Max-Age=0"),
    "referrer-policy": "no-referrer",
  });
  expect(bot.codes).toEqual(["a/b"]);
});

test("on a machine without https the cookie comes along too", async () => {
  await using bot = await openHandshake({}, { url: "http://localhost:3000" });
  expect((await bot.begin()).set).not.toContain("Secure");
});

test("two who begin at once both come through, each in a browser of their own", async () => {
  await using bot = await openHandshake();
  const [one, other] = [await bot.begin(), await bot.begin()];
  expect((await bot.get("/back", `state=${one.state}&code=1`, other.cookie)).status).toBe(400);
  expect((await bot.get("/back", `state=${one.state}&code=1`, `${other.cookie}; ${one.cookie}`)).status).toBe(200);
  expect((await bot.get("/back", `state=${other.state}&code=2`, other.cookie)).status).toBe(200);
});

test.each([
  ["", 400, "sent no code"],
  ["code=", 400, "sent no code"],
  ["code=1&code=2", 400, "sent no code"],
  ["error=access_denied", 403, "not allowed in Acme"],
  ["error=server_error&error_description=evil", 400, "sent no code"],
])("%j ends with %i", async (query, status, text) => {
  await using bot = await openHandshake();
  const page = await bot.back(query);
  expect(page).toMatchObject({ status, body: expect.stringContaining(text) });
  expect(page.body).toContain("Begin again at https://bot.example.com/install");
  expect(page.body).not.toContain("evil");
  expect(bot.codes).toEqual([]);
});

test.each([
  ["the code is over", new DeliveryError("no", { maybeSent: false, cause: "invalid_code" }), 400],
  ["the secret is wrong", new DeliveryError("no", { maybeSent: false, permanent: true, cause: "bad_secret" }), 500],
  ["the platform is away", new DeliveryError("?", { maybeSent: true }), 502],
  ["the platform wants a pause", new RateLimitError("later", { retryAfter: 1000 }), 502],
  ["the answer makes no sense", new HobnobError("WEBHOOK_INVALID", "what?"), 502],
  ["it cannot be kept", new Error("disk full of secrets"), 500],
])("when %s the page and the log say so", async (_, error, status) => {
  await using bot = await openHandshake({
    install: async () => {
      throw error;
    },
  });
  const page = await bot.back("code=the-code");
  expect(page.status).toBe(status);
  expect(page.headers?.["set-cookie"]).toContain("Max-Age=0");
  expect(page.body).not.toContain("secrets");
  expect(JSON.stringify([page, bot.lines])).not.toContain("the-code");
  expect(bot.lines.at(-1)).toMatchObject({ level: "error", sentence: "an installation failed" });
});

test("nothing begins for a program that looks ahead, or that posts", async () => {
  await using bot = await openHandshake();
  for (const path of ["/install", "/back"]) {
    expect(await bot.deliver(request({ method: "HEAD", path }))).toEqual({ status: 200 });
    expect(await bot.deliver(request({ method: "POST", path }))).toMatchObject({
      status: 405,
      headers: { allow: "GET" },
    });
  }
});

test("who comes without a state is turned away, unless the adapter says otherwise", async () => {
  await using closed = await openHandshake();
  expect((await closed.get("/back", "code=1")).status).toBe(400);
  await using open = await openHandshake({ withoutState: async () => undefined });
  expect((await open.get("/back", "code=1")).status).toBe(200);
  expect((await open.get("/back", "code=1&state=")).status).toBe(400);
  await using done = await openHandshake({ withoutState: async () => ({ title: "Acme", text: "Already there." }) });
  expect(await done.get("/back", "code=1")).toMatchObject({
    status: 200,
    body: expect.stringContaining("Already there."),
  });
  expect([closed.codes, open.codes, done.codes]).toEqual([[], ["1"], []]);
});
