import { HobnobError, type WebhookResponse } from "../../core/index.ts";
import { refusal } from "./answer.ts";

/** What a started adapter holds. @throws HobnobError `ADAPTER_NOT_STARTED` */
export function assertStarted<T>(adapter: string, connection: T | undefined): T {
  if (connection !== undefined) return connection;
  throw new HobnobError("ADAPTER_NOT_STARTED", `The adapter \`${adapter}\` is not started. Await its start first.`);
}

/** The answer to a platform that calls too early: it asks again, when the adapter may have started. */
export function notStarted(adapter: string): WebhookResponse {
  return refusal(503, "ADAPTER_NOT_STARTED", `The adapter \`${adapter}\` is not started.`);
}

/** Why an adapter does not start. `missing`: the names of environment variables. */
export function cannotStart(adapter: string, missing: readonly string[]): HobnobError {
  const message = `The adapter \`${adapter}\` cannot start: set ${missing.join(" and ")}, or run it in the sandbox.`;
  return new HobnobError("CONFIG_MISSING_CREDENTIAL", message);
}
