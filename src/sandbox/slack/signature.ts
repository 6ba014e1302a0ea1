import { createHmac } from "node:crypto";

/** The `v0` signature of a request to the bot. `timestamp` is in seconds. https://docs.slack.dev/authentication/verifying-requests-from-slack */
export function signature(request: {
  readonly secret: string;
  readonly timestamp: number | string;
  readonly body: string;
}): string {
  const { secret, timestamp, body } = request;
  return `v0=${createHmac("sha256", secret).update(`v0:${timestamp}:${body}`).digest("hex")}`;
}
