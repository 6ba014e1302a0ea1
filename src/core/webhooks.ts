import type { Adapter, WebhookRequest, WebhookResponse } from "./adapter.ts";
import { errorCode, errorMessage, HobnobError } from "./errors.ts";
import { jsonResponse, toRequest, toWebhookResponse } from "./http.ts";
import type { Log } from "./log.ts";
import type { Registry } from "./registry.ts";
import type { Trace } from "./trace.ts";

export interface Webhooks {
  /** The adapters by their paths. */
  readonly byPath: ReadonlyMap<string, Adapter>;
  /** Those of the plugins. */
  readonly plugins: Registry["webhooks"];
  readonly log: Log;
  readonly trace: ((step: Omit<Trace, "at">) => void) | undefined;
}

/** Has the request answered by whom its path belongs to. Never rejects. */
export async function answerWebhook(
  request: WebhookRequest,
  { byPath, plugins, log, trace }: Webhooks,
): Promise<WebhookResponse> {
  const adapter = byPath.get(request.path);
  const plugin = plugins.get(request.path);
  try {
    if (adapter?.webhook !== undefined) {
      const response = await adapter.webhook(request);
      if (response.acknowledges !== undefined && response.status < 300) {
        trace?.({ stage: "acknowledged", event: response.acknowledges, adapter: adapter.name });
      }
      return response;
    }
    if (plugin !== undefined) return await toWebhookResponse(await plugin(toRequest(request)));
  } catch (error) {
    if (error instanceof HobnobError && error.code === "WEBHOOK_INVALID") return jsonResponse(400, error);
    log.error({ path: request.path, code: errorCode(error) }, `A webhook failed: ${errorMessage(error)}`);
    return jsonResponse(
      error instanceof HobnobError ? 503 : 500,
      new HobnobError("WEBHOOK_FAILED", "The request could not be handled."),
    );
  }
  return jsonResponse(404, NOTHING_HERE);
}

const NOTHING_HERE = new HobnobError("NOT_FOUND", "Nothing answers at this path.");
