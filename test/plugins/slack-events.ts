import { createHmac, randomUUID } from "node:crypto";
import type { PlatformStage } from "../adapters/stage.ts";

/** Sends an event to the bot as Slack does, correctly signed; resolves with the HTTP status. */
export async function sendSlackEvent({ sandbox, url }: PlatformStage, event: object): Promise<number> {
  const webhook = `${url}/slack/events`;
  const { signingSecret, teamId, botUserId } = sandbox.connect({ platform: "slack", name: "slack", webhook })!;
  const body = JSON.stringify({
    type: "event_callback",
    team_id: teamId,
    api_app_id: "A0A1B2C3D",
    event_id: `Ev${randomUUID()}`,
    event_time: Math.floor(Date.now() / 1000),
    authorizations: [{ team_id: teamId, user_id: botUserId, is_bot: true }],
    event,
  });
  const timestamp = `${Math.floor(Date.now() / 1000)}`;
  const signature = createHmac("sha256", signingSecret!).update(`v0:${timestamp}:${body}`).digest("hex");
  const response = await fetch(webhook, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "x-slack-request-timestamp": timestamp,
      "x-slack-signature": `v0=${signature}`,
    },
    body,
  });
  return response.status;
}
