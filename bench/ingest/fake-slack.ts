import { createServer } from "node:http";

/** What the fake has been told so far. */
export interface Replies {
  readonly total: number;
  /** By channel. */
  readonly posts: ReadonlyMap<string, number>;
  /** Of the monotonic clock all processes share, in microseconds. */
  readonly lastAt: number;
}

// The Web API methods that the bots call: chat.postMessage, and auth.test when they start.
let posts = new Map<string, number>();
let total = 0;
let lastAt = 0;
let clock = Date.now() * 1000;

const server = createServer((request, response) => {
  let body = "";
  request.setEncoding("latin1");
  request.on("data", (part: string) => {
    body += part;
  });
  request.on("end", () => {
    const answer = request.url?.endsWith("chat.postMessage") ? post(body) : WHO_AM_I;
    response.writeHead(200, { "content-type": "application/json", "content-length": answer.length });
    response.end(answer);
  });
});
server.keepAliveTimeout = 60_000;

const WHO_AM_I = JSON.stringify({
  ok: true,
  url: "https://bench.slack.com/",
  team: "Bench",
  user: "bench",
  team_id: "T0BENCH",
  user_id: "U0BOT",
  bot_id: "B0BOT",
  is_enterprise_install: false,
});

function post(body: string): string {
  const channel = /channel(?:=|"\s*:\s*")(C\d+)/.exec(body)?.[1] ?? "";
  posts.set(channel, (posts.get(channel) ?? 0) + 1);
  total++;
  lastAt = Number(process.hrtime.bigint() / 1000n);
  const ts = (++clock / 1_000_000).toFixed(6);
  return `{"ok":true,"channel":"${channel}","ts":"${ts}","message":{"type":"message","user":"U0BOT","bot_id":"B0BOT","text":"Pizza is on the way!","ts":"${ts}"}}`;
}

process.on("message", (message: "reset" | "read") => {
  if (message === "reset") {
    posts = new Map();
    total = 0;
  }
  process.send?.({ total, posts, lastAt } satisfies Replies);
});

server.listen(Number(process.env.PORT), "127.0.0.1", () => process.send?.("ready"));
