import { once } from "node:events";
import { Agent, request as httpRequest, type OutgoingHttpHeaders } from "node:http";
import { connect } from "node:net";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { livechat } from "../../src/adapters/livechat/index.ts";
import { chatOf, parseMessage } from "../../src/adapters/livechat/message.ts";
import { slack } from "../../src/adapters/slack/index.ts";
import { renderMrkdwn } from "../../src/adapters/slack/mrkdwn.ts";
import { readText as readSlackText } from "../../src/adapters/slack/text.ts";
import { twilio } from "../../src/adapters/twilio/index.ts";
import { twist } from "../../src/adapters/twist/index.ts";
import { readText as readTwistText } from "../../src/adapters/twist/text.ts";
import { twitter } from "../../src/adapters/twitter/index.ts";
import { readText as readTwitterText } from "../../src/adapters/twitter/text.ts";
import { definePlugin, splitText } from "../../src/core/index.ts";
import { pizza } from "../../src/plugins/pizza/index.ts";
import { openPlatforms, type PlatformStage } from "./stage.ts";

const FORM = "application/x-www-form-urlencoded";
const JSON_TYPE = "application/json";
/** Just below what the server takes. */
const LARGE = 900_000;

const adapters = () => [slack(), twist(), twitter(), livechat(), twilio()];

interface Hostile {
  readonly title: string;
  readonly method?: string;
  readonly query?: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string | Uint8Array;
  /** Without a length. */
  readonly isChunked?: boolean;
}

const deep = (open: string, close: string, levels: number) => open.repeat(levels) + close.repeat(levels);
const many = (make: (n: number) => string, count: number, between: string) =>
  Array.from({ length: count }, (_, n) => make(n)).join(between);
const now = () => String(Math.floor(Date.now() / 1000));

function bodies(): readonly Hostile[] {
  const json: readonly (readonly [string, string | Uint8Array])[] = [
    ["an empty body", ""],
    ["a large text in JSON", JSON.stringify({ secret_key: "x".repeat(LARGE) })],
    ["five megabytes", JSON.stringify({ text: "x".repeat(5_000_000) })],
    ["100,000 fields", `{${many((n) => `"f${n}":1`, 70_000, ",")}}`],
    ["100,000 levels of lists", `{"event":${deep("[", "]", 100_000)}}`],
    ["100,000 levels of objects", `{"event":${deep('{"a":', "}", 100_000)}`],
    ["the same key again and again", `{${many(() => '"secret_key":"a"', 10_000, ",")}}`],
    ["numbers beyond all bounds", `{"type":1e999,"team_id":${"9".repeat(100_000)},"for_user_id":-0,"event":1e-999}`],
    ["prototypes", '{"__proto__":{"type":"event_callback"},"constructor":{"prototype":{}},"event":{"__proto__":null}}'],
    [
      "prototypes as values",
      '{"type":"__proto__","action":"constructor","event_type":"toString","secret_key":"valueOf"}',
    ],
    ["NUL characters", '{"type":"\\u0000","\\u0000":"\\u0000","secret_key":"\\ud800"}'],
    ["raw NUL bytes", new Uint8Array(10_000)],
    ["no UTF-8", Uint8Array.of(0x7b, 0x22, 0xff, 0xfe, 0xc0, 0x80, 0x22, 0x7d)],
    ["a mark of byte order", '\ufeff{"type":"event_callback"}'],
    ["a list", "[]"],
    [
      "an app that was removed",
      '{"event":"application_uninstalled","clientID":"__proto__","organizationID":{},"licenseID":[]}',
    ],
  ];
  const forms: readonly (readonly [string, string | Uint8Array])[] = [
    ["a large form", `verify_token=${"x".repeat(LARGE)}`],
    ["a form of 400,000 fields", "a&".repeat(LARGE / 2)],
    ["a certificate check of 400,000 fields", `ssl_check=1&${"a&".repeat(LARGE / 2)}`],
    ["a form of nothing but ampersands", "&".repeat(LARGE)],
    ["a form of escapes", `verify_token=${"%41".repeat(LARGE / 3)}`],
    ["a form of broken escapes", `${"%".repeat(LARGE)}`],
    ["doubled fields", many(() => "verify_token=a&event_type=message&AccountSid=AC", 300, "&")],
    ["prototypes in a form", "__proto__=1&constructor=2&toString=3&hasOwnProperty=4&__proto__[x]=5"],
    ["a payload in a payload", `payload=${encodeURIComponent(`{"payload":"${'\\"'.repeat(1000)}"}`)}`],
    ["a form that is no UTF-8", Uint8Array.of(0x61, 0x3d, 0xff, 0xfe)],
  ];
  return [
    ...json.map(([title, body]) => ({ title, body, headers: { "content-type": JSON_TYPE } })),
    ...forms.map(([title, body]) => ({ title, body, headers: { "content-type": FORM } })),
  ];
}

function requests(): readonly Hostile[] {
  const signatures = (value: string): OutgoingHttpHeaders => ({
    "content-type": JSON_TYPE,
    "x-slack-signature": value,
    "x-slack-request-timestamp": now(),
    "x-twitter-webhooks-signature": value,
    "x-twilio-signature": value,
  });
  const odd: readonly Hostile[] = [
    "",
    "v0=",
    `v0=${"é".repeat(64)}`,
    `v0=${"0".repeat(64)}`,
    "sha256=",
    "x".repeat(8000),
  ].map((value) => ({ title: `a signature of ${value.length}`, headers: signatures(value), body: "{}" }));
  return [
    ...bodies(),
    ...odd,
    ...["GET", "PUT", "DELETE", "OPTIONS", "PATCH", "HEAD"].map((method) => ({ title: method, method })),
    {
      title: "a broken query",
      method: "GET",
      query: "?crc_token=%zz&crc_token=%&state=__proto__&code=%00&file=constructor",
    },
    { title: "a long query", method: "GET", query: `?crc_token=${"a".repeat(10_000)}` },
    { title: "a query of thousands", method: "GET", query: `?${"a=1&".repeat(3000)}` },
    {
      title: "a query in a POST",
      query: `?bodySHA256=${"0".repeat(64)}&bodySHA256=1`,
      body: "{}",
      headers: { "content-type": JSON_TYPE },
    },
    { title: "no content type", body: "{}" },
    {
      title: "doubled headers",
      headers: { ...signatures("v0=0"), "x-slack-signature": ["v0=1", "v0=2"], "content-type": JSON_TYPE },
      body: "{}",
    },
    {
      title: "an unknown coding",
      headers: { "content-type": JSON_TYPE, "content-encoding": "gzip" },
      body: "this is no gzip",
    },
    {
      title: "a packed body",
      headers: { "content-type": JSON_TYPE, "content-encoding": "gzip" },
      body: gzipSync("{}"),
    },
    { title: "an odd content type", headers: { "content-type": `${";".repeat(4000)}charset=klingon` }, body: "{}" },
    { title: "a body in pieces", headers: { "content-type": JSON_TYPE }, body: "{}", isChunked: true },
    {
      title: "far too large in pieces",
      headers: { "content-type": JSON_TYPE },
      body: "x".repeat(3_000_000),
      isChunked: true,
    },
    {
      title: "a hundred headers",
      headers: Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`x-${n}`, "y".repeat(50)])),
      body: "{}",
    },
    { title: "a flood of headers", headers: { "x-flood": "y".repeat(60_000) }, body: "{}" },
    { title: "a strange host", headers: { host: "a b:99999", cookie: "=;;=; hobnob_livechat_install" } },
    {
      title: "an old timestamp",
      headers: { ...signatures(`v0=${"0".repeat(64)}`), "x-slack-request-timestamp": "9".repeat(12) },
      body: "{}",
    },
  ];
}

/** The status; undefined when the server ended the connection without one, which it may do with what is far too large. */
async function call(url: string, path: string, hostile: Hostile, agent: Agent): Promise<number | undefined> {
  const { method = "POST", query = "", headers = {}, body = "", isChunked = false } = hostile;
  const { promise, resolve } = Promise.withResolvers<number | undefined>();
  const sizes = isChunked || method === "GET" || method === "HEAD" ? {} : { "content-length": Buffer.byteLength(body) };
  const outgoing = httpRequest(
    `${url}${path}${query}`,
    { method, headers: { ...headers, ...sizes }, agent },
    (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    },
  );
  outgoing.on("error", () => resolve(undefined));
  if (method !== "GET" && method !== "HEAD") outgoing.write(body);
  outgoing.end();
  return promise;
}

/** What escaped everybody while `act` ran. */
async function escaping(act: () => Promise<void>): Promise<readonly unknown[]> {
  const escaped: unknown[] = [];
  const note = (error: unknown) => void escaped.push(error);
  process.on("unhandledRejection", note);
  process.on("uncaughtExceptionMonitor", note);
  try {
    await act();
    await new Promise((resolve) => setImmediate(resolve));
  } finally {
    process.off("unhandledRejection", note);
    process.off("uncaughtExceptionMonitor", note);
  }
  return escaped;
}

async function stillAnswers(stage: PlatformStage): Promise<void> {
  await stage.say("pizza?");
  expect(await stage.answers(1)).toEqual(["Pizza is on the way!"]);
}

test("no hostile request to any address of any adapter is a failure of ours, and the bot goes on", async () => {
  await using stage = await openPlatforms({ adapters: adapters(), plugins: [pizza()] });
  const agent = new Agent({ keepAlive: true, maxSockets: 8 });
  const paths = stage.bot.adapters.flatMap((adapter) => adapter.paths);
  const mainPaths = stage.bot.adapters.map((adapter) => adapter.paths[0]!);
  const wrong: string[] = [];
  const escaped = await escaping(async () => {
    for (const hostile of requests()) {
      await Promise.all(
        ((hostile.body?.length ?? 0) > 10_000 ? mainPaths : paths).map(async (path) => {
          const status = await call(stage.url, path, hostile, agent);
          if (status !== undefined && status >= 500 && status !== 503)
            wrong.push(`${path} ${hostile.title}: ${status}`);
        }),
      );
    }
  });
  agent.destroy();
  expect(wrong).toEqual([]);
  expect(escaped).toEqual([]);
  await stillAnswers(stage);
});

const hooked = definePlugin({
  name: "hooked",
  setup(bot) {
    bot.webhook("/hook", async (request) => new Response(await request.text()));
  },
});

test("a plugin's webhook is not reached by what no Request can be made of", async () => {
  await using stage = await openPlatforms({ adapters: [slack()], plugins: [hooked()] });
  const hostiles: readonly Hostile[] = [
    { title: "a host with a blank", headers: { host: "a b" }, body: "x" },
    { title: "a host without an end", headers: { host: "[::1" }, body: "x" },
    { title: "a method that fetch forbids", method: "TRACE" },
  ];
  const agent = new Agent();
  for (const hostile of hostiles) {
    expect(await call(stage.url, "/hook", hostile, agent), hostile.title).toBeOneOf([200, 400, 405]);
  }
  agent.destroy();
});

test("what is no HTTP gets a 400 or nothing, and the bot goes on", async () => {
  await using stage = await openPlatforms({ adapters: adapters(), plugins: [pizza()] });
  const { port } = new URL(stage.url);
  const lines: readonly string[] = [
    "GET / HTTP/9.9\r\n\r\n",
    "\u0000\u0001\u0002\r\n\r\n",
    "POST /twist HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab",
    "POST /twist HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\ncontent-length: 3\r\n\r\n0\r\n\r\n",
    "POST /twist HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
    "POST //twist/../twist?%00 HTTP/1.1\r\nhost: [::1\r\ncontent-length: 0\r\n\r\n",
    "POST http://[ HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n",
    "POST /twist HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nshort",
  ];
  const escaped = await escaping(async () => {
    for (const line of lines) {
      const socket = connect(Number(port), "127.0.0.1");
      socket.on("error", () => {});
      let said = "";
      socket.on("data", (chunk) => {
        said += String(chunk);
      });
      socket.end(Buffer.from(line, "latin1"));
      await once(socket, "close");
      expect(said.slice(0, 12), JSON.stringify(line)).toMatch(/^(?:|HTTP\/1\.1 [2-4]\d\d)$/);
    }
  });
  expect(escaped).toEqual([]);
  await stillAnswers(stage);
});

/** The bot's own name in every other word's place, which goes. */
function namesIn(text: string) {
  return Array.from({ length: Math.floor(text.length / 16) }, (_, n) => ({ start: n * 8, end: n * 8 + 4, text: "" }));
}

function readLiveChatMessage(text: string): unknown {
  const where = { adapter: "x", account: "1", botId: "b", botName: "moe", isVisiting: () => false, receivedAt: 0 };
  const event = { id: "1", type: "message", author_id: "a", text };
  return parseMessage(event, chatOf("1", { users: [], present: [] }, where), where);
}

/** What a stranger's text goes through, before and after its answer is made. */
const READERS: Readonly<Record<string, (text: string) => unknown>> = {
  "Slack's text": (text) => readSlackText(text, (user) => user === "U1"),
  "Twist's text": (text) => readTwistText(text, (user) => user === "1"),
  "X's text": (text) => readTwitterText(text, { stretches: namesIn(text) }),
  "LiveChat's text": (text) => [text, `@moe${text}`].map(readLiveChatMessage),
  "Slack's mrkdwn": renderMrkdwn,
  "X's posts": (text) => twitter().limits.measure!(text, { adapter: "x", id: "1", isDirect: true }),
  "LiveChat's messages": (text) => livechat().limits.measure!(text, { adapter: "x", id: "1", isDirect: true }),
  SMS: (text) => twilio().limits.measure!(text, { adapter: "x", id: "+1", isDirect: true }),
  WhatsApp: (text) => twilio().limits.measure!(text, { adapter: "x", id: "whatsapp:+1", isDirect: true }),
  "cutting a long text": (text) => splitText(text, 4000),
};
const UNITS = [
  ..."*_~`[](<>\\& #-1\n\t",
  ...[
    "**",
    "***",
    "__",
    "~~",
    "``",
    "```\n",
    "~~~\n",
    "[[",
    "[a](",
    "![",
    "[a]((",
    "<a",
    "<http://a",
    "http://",
    "https://a.",
  ],
  ...[
    "<@U1>",
    "x<@U1> ",
    "[@a](twist-mention://1)",
    "x[@a](twist-mention://1) ",
    "[a](twist-mention://",
    "&amp;",
    "*a ",
    "_a ",
    "**a ",
  ],
  ...[
    "`a``",
    "\\[",
    "> ",
    "# ",
    "- ",
    "1. ",
    "  \n",
    "\r\n",
    ". ",
    "a@b.c ",
    "\u200d",
    "e\u0301",
    "\ud83d\udc69\u200d",
    "\ud800",
  ],
];
const SIZE = 4000;
// Whatever it grows like, it could not be told from the machine's noise.
const TOO_SHORT_MS = 15;

/** Of the processor alone, since others want it too; the least of several, unless the first is short already. */
function leastTime(act: () => unknown): number {
  let least = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 8 && least > TOO_SHORT_MS; run++) {
    const before = process.threadCpuUsage();
    act();
    const { user, system } = process.threadCpuUsage(before);
    least = Math.min(least, (user + system) / 1000);
  }
  return least;
}

test.each(Object.entries(READERS))(
  "a text four times as long does not take far more than four times as long: %s",
  (_, read) => {
    for (const unit of UNITS) {
      for (const before of ["", "x", "**x"]) {
        const text = (size: number) => `${before}${unit.repeat(size / unit.length)}x`;
        const long = leastTime(() => read(text(SIZE * 4)));
        if (long <= TOO_SHORT_MS) continue;
        const growth = long / leastTime(() => read(text(SIZE)));
        expect(growth, `${JSON.stringify(before)} ${JSON.stringify(unit)}`).toBeLessThan(10);
      }
    }
  },
);
