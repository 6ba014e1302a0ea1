import { errorMessage, type WebhookResponse } from "../../core/index.ts";
import { json, refusal } from "../shared/answer.ts";

/** Tells the bot's user id, as set or else as Slack says; 500 when Slack does not. */
export async function tellBotUser(
  known: string | undefined,
  ask: () => Promise<{ readonly user_id?: string }>,
): Promise<WebhookResponse> {
  if (known !== undefined) return json(200, { user_id: known });
  try {
    const { user_id } = await ask();
    return json(200, { user_id });
  } catch (error) {
    return refusal(500, "DELIVERY_FAILED", errorMessage(error));
  }
}
