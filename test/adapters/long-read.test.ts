import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { slack } from "../../src/adapters/slack/index.ts";
import { twilio } from "../../src/adapters/twilio/index.ts";
import { twist } from "../../src/adapters/twist/index.ts";
import { twitter } from "../../src/adapters/twitter/index.ts";
import type { Adapter, Conversation, OutgoingReply } from "../../src/core/index.ts";
import { account, startInstalled } from "./livechat/started.ts";
import { startAdapter } from "./stage.ts";

const NOW = 1_795_222_800_000;
const reply: OutgoingReply = {
  ref: "store.1.reply:0",
  text: "Hi",
  attachments: [],
  buttons: [],
  visibility: "everyone",
  since: NOW,
};

let hasNext: boolean;
let calls: number;
/** Lists of platforms in which nothing of ours stands; while `hasNext`, without end. */
const LISTS: Readonly<Record<string, (query: URLSearchParams) => object>> = {
  "conversations.replies": () => ({ ok: true, messages: [], response_metadata: { next_cursor: hasNext ? "on" : "" } }),
  tweets: () => ({ data: [], meta: hasNext ? { next_token: "on" } : {} }),
  dm_events: () => ({ data: [], meta: hasNext ? { next_token: "on" } : {} }),
  "Messages.json": () => ({ messages: [], next_page_uri: hasNext ? "/2010-04-01/Accounts/AC1/Messages.json" : null }),
  list_threads: () => ({ threads: [], ...(hasNext && { next_page_id: "on" }) }),
  "conversation_messages/get": (query) => {
    const index = hasNext ? Number(query.get("to_obj_index") ?? 9999) : 0;
    return [{ id: index + 1, obj_index: index, creator: 7, content: "other", posted_ts: NOW / 1000 + 60 }];
  },
  "threads/get": (query) => {
    const until = Number(query.get("older_than_ts") ?? NOW / 1000 + 1e6);
    const threads = Array.from({ length: hasNext ? 500 : 1 }, (_, n) => ({ id: until * 1000 + n, creator: 7 }));
    return threads.map((thread, n) => ({ ...thread, posted_ts: NOW / 1000, last_updated_ts: until - 1 - n }));
  },
};

const server = createServer((request, response) => {
  request.resume();
  const { pathname, searchParams } = new URL(request.url!, "http://x");
  const list = Object.keys(LISTS).find((name) => pathname.endsWith(`/${name}`));
  if (list !== undefined) calls += 1;
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify(list === undefined ? { id: 42, bot: true } : LISTS[list]!(searchParams)));
});
let url: string;
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => void server.close().closeAllConnections());

const place = (adapter: string, more: Partial<Conversation>): Conversation => ({
  adapter,
  id: "1",
  isDirect: true,
  ...more,
});
const open = async (adapter: Adapter) => ({ adapter, started: await startAdapter(adapter, { now: () => NOW }) });

const slackAdapter = () =>
  slack({ token: "xoxb-1", signingSecret: "f".repeat(32), botUserId: "U0BOTUSER", apiUrl: `${url}/api/` });
const twistAdapter = () => twist({ token: "token-1", verifyToken: "221_3c2cabcdef", apiUrl: `${url}/api/v3/` });
const twitterAdapter = () =>
  twitter({ appKey: "k", appSecret: "s", accessToken: "2244994945-t", accessSecret: "s", apiUrl: `${url}/` });
const twilioAdapter = () =>
  twilio({ accountSid: `AC${"0".repeat(32)}`, authToken: "t", from: "+16505552222", apiUrl: `${url}/` });

test.each<[string, Conversation, () => Adapter]>([
  [
    "Slack's threads",
    place("slack", { account: "T1", id: "C1", thread: "1800000000.000100", isDirect: false }),
    slackAdapter,
  ],
  ["Twist's conversations", place("twist", { account: "5517", id: "conversation/296779" }), twistAdapter],
  ["Twist's channels", place("twist", { account: "5517", id: "6984", isDirect: false }), twistAdapter],
  ["X's posts", place("twitter", { thread: "9", isDirect: false }), twitterAdapter],
  ["X's direct messages", place("twitter", { id: "3001969357" }), twitterAdapter],
  ["Twilio's messages", place("twilio", { account: "+16505552222", id: "+16505551111" }), twilioAdapter],
])("what was not read as far back as it could stand is not said to be absent: %s", async (_, to, make) => {
  const { adapter, started } = await open(make());
  await using _started = started;
  await looksInVain(adapter, to);
});

test("what was not read as far back as it could stand is not said to be absent: LiveChat's threads", async () => {
  await using started = await startInstalled({ apiUrl: url });
  await looksInVain(started.adapter, place("livechat", { account, id: "PJ0MRSHTDG", isDirect: false }));
});

async function looksInVain(adapter: Adapter, to: Conversation): Promise<void> {
  hasNext = true;
  calls = 0;
  expect(await adapter.find!(to, reply)).toBe("unknown");
  expect(calls).toBeGreaterThan(1);
  hasNext = false;
  expect(await adapter.find!(to, reply)).toBeUndefined();
}
