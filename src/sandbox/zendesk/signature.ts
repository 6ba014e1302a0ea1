import { createHmac } from "node:crypto";

/** The signature of a webhook's request. https://developer.zendesk.com/documentation/webhooks/verifying/ */
export function signature(request: {
  readonly secret: string;
  readonly timestamp: string;
  readonly body: string;
}): string {
  const { secret, timestamp, body } = request;
  return createHmac("sha256", secret)
    .update(timestamp + body)
    .digest("base64");
}
