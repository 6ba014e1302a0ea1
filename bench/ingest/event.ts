import { createHmac } from "node:crypto";

/** What every bot of this benchmark is configured with. */
export const SIGNING_SECRET = "bench-signing-secret";
export const BOT_TOKEN = "xoxb-bench";
export const REPLY = "Pizza is on the way!";

/**
 * A whole HTTP request: a signed Slack message event that mentions pizza, in one of some channels, with a ts of its own.
 * It has all the fields that Slack sends of a typed message, the rich text blocks among them.
 */
export function signedRequest(index: number, channels: number): Buffer {
  const seconds = Math.floor(Date.now() / 1000);
  const ts = `${seconds}.${String(index).padStart(6, "0")}`;
  const channel = channelOf(index, channels);
  const text = `Hello, where is my pizza? I ordered number ${index} an hour ago.`;
  const section = { type: "rich_text_section", elements: [{ type: "text", text }] };
  const body = JSON.stringify({
    token: "bench",
    team_id: "T0BENCH",
    enterprise_id: null,
    context_team_id: "T0BENCH",
    context_enterprise_id: null,
    api_app_id: "A0BENCH",
    event: {
      type: "message",
      user: `U${String(index % 977).padStart(8, "0")}`,
      client_msg_id: `00000000-0000-4000-8000-${String(index).padStart(12, "0")}`,
      ts,
      text,
      team: "T0BENCH",
      blocks: [{ type: "rich_text", block_id: "b1", elements: [section] }],
      channel,
      event_ts: ts,
      channel_type: "channel",
    },
    type: "event_callback",
    event_id: `Ev${seconds}${String(index).padStart(8, "0")}`,
    event_time: seconds,
    authorizations: [
      { enterprise_id: null, team_id: "T0BENCH", user_id: "U0BOT", is_bot: true, is_enterprise_install: false },
    ],
    is_ext_shared_channel: false,
    event_context: "4-bench",
  });
  const signature = createHmac("sha256", SIGNING_SECRET).update(`v0:${seconds}:${body}`).digest("hex");
  const head = [
    "POST /slack/events HTTP/1.1",
    "Host: 127.0.0.1",
    "Content-Type: application/json",
    `Content-Length: ${Buffer.byteLength(body)}`,
    `X-Slack-Request-Timestamp: ${seconds}`,
    `X-Slack-Signature: v0=${signature}`,
  ];
  return Buffer.from(`${head.join("\r\n")}\r\n\r\n${body}`);
}

export function channelOf(index: number, channels: number): string {
  return `C${String(index % channels).padStart(8, "0")}`;
}
