import { createHmac } from "node:crypto";

/** The headers of a request that Slack signs now. */
export function slackHeaders(body: string, secret: string, type = "application/json"): Record<string, string> {
  const timestamp = String(Math.floor(Date.now() / 1000));
  const signature = `v0=${createHmac("sha256", secret).update(`v0:${timestamp}:${body}`).digest("hex")}`;
  return { "content-type": type, "x-slack-signature": signature, "x-slack-request-timestamp": timestamp };
}
