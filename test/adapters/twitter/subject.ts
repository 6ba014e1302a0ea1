import { createHmac } from "node:crypto";
import twitterText from "twitter-text";
import { twitter } from "../../../src/adapters/twitter/index.ts";
import type { AdapterSubject, EventFixture, ExpectedEvent } from "../../../src/testing/index.ts";
import { openSimulated, type Simulated } from "../contract-stage.ts";

const SIGNATURE = "x-twitter-webhooks-signature";

/** X, as the contract of all adapters sees it: public posts and direct messages are two ways of their own. */
export function twitterSubject(place: "timeline" | "direct", onCall?: Simulated["onCall"]): AdapterSubject {
  const isDirect = place === "direct";
  return {
    abilities: ["webhook", "delete", "find", "download", "history", "user", "check"],
    longestPost: isDirect ? 10_000 : 280,
    ...(!isDirect && { measure: (text) => twitterText.parseTweet(text).weightedLength }),
    fixtures: FIXTURES,
    open: (bot) =>
      openSimulated(bot, {
        create: () => twitter({ timeout: "1s" }),
        secrets: ["appKey", "appSecret", "accessToken", "accessSecret", "bearerToken"],
        prefix: isDirect ? "" : "@moe ",
        ...(isDirect && { conversation: "@ada", faultsOn: "createDirectMessagesByParticipantId" }),
        sign({ body, contentType = "application/json" }, { credentials }) {
          const bytes = Buffer.from(body);
          const mac = createHmac("sha256", credentials.appSecret!).update(bytes).digest("base64");
          return { headers: { "content-type": contentType, [SIGNATURE]: `sha256=${mac}` }, body: bytes };
        },
        forge(request) {
          const { [SIGNATURE]: signature, ...unsigned } = request.headers;
          return [
            { ...request, headers: unsigned },
            { ...request, headers: { ...unsigned, [SIGNATURE]: String(signature).replace("=", "=A") } },
            { ...request, headers: { ...unsigned, [SIGNATURE]: String(signature).slice("sha256=".length) } },
            { ...request, body: Buffer.concat([request.body, Buffer.from(" ")]) },
          ];
        },
        ...(onCall && { onCall }),
      }),
  };
}

const ADA = { id: 1234567890, id_str: "1234567890", name: "Ada", screen_name: "ada" };
const BOT = { id_str: "$botUserId", name: "Moe", screen_name: "moe" };
const author = { id: "1234567890", isBot: false };

const post = {
  created_at: "Fri Jan 15 08:00:00 +0000 2027",
  id_str: "1879000000000000001",
  text: "@moe where is my pizza? &lt;3",
  display_text_range: [0, 29],
  user: ADA,
  entities: { hashtags: [], urls: [], symbols: [], user_mentions: [{ ...BOT, indices: [0, 4] }] },
  in_reply_to_status_id_str: null,
  in_reply_to_user_id_str: null,
  lang: "en",
  timestamp_ms: "1800000000000",
};

const direct = {
  type: "message_create",
  id: "1879000000000000002",
  created_timestamp: "1800000000000",
  message_create: {
    target: { recipient_id: "$botUserId" },
    sender_id: "1234567890",
    message_data: { text: "Where is my pizza?", entities: { hashtags: [], urls: [], symbols: [], user_mentions: [] } },
  },
};

const json = (name: string, body: object, ...events: ExpectedEvent[]): EventFixture => ({
  name,
  body: JSON.stringify({ for_user_id: "$botUserId", ...body }),
  events,
});

const FIXTURES: readonly EventFixture[] = [
  json(
    "a post that names it",
    { user_has_blocked: false, tweet_create_events: [post] },
    {
      kind: "message",
      id: "1879000000000000001",
      text: "where is my pizza? <3",
      isMention: true,
      author,
      conversation: { isDirect: false },
      sentAt: "2027-01-15T08:00:00.000Z",
    },
  ),
  json("its own post", { tweet_create_events: [{ ...post, user: BOT }] }),
  json(
    "a direct message",
    { direct_message_events: [direct], apps: {}, users: { 1234567890: { ...ADA, id: "1234567890" } } },
    {
      kind: "message",
      id: "1879000000000000002",
      text: "Where is my pizza?",
      isMention: true,
      author,
      conversation: { isDirect: true },
    },
  ),
  json(
    "two posts, one of them broken",
    {
      tweet_create_events: [
        { ...post, user: null },
        { ...post, id_str: "1879000000000000003" },
      ],
    },
    { kind: "message", id: "1879000000000000003" },
  ),
  json("somebody who is typing", { direct_message_indicate_typing_events: [{ created_timestamp: "1800000000000" }] }),
  json("an event of a kind it does not know", { party_events: [{ created_timestamp: "1800000000000" }] }),
];
