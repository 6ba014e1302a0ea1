import { errorCode, errorMessage, HobnobError, type Log, type WebhookResponse } from "../../core/index.ts";

/** Taken, and nothing to say. */
export const OK: WebhookResponse = { status: 200 };
/** The header of every JSON answer. */
export const JSON_HEADERS = { "content-type": "application/json" };

/** An answer with a JSON body. */
export function json(status: number, value: unknown, headers?: Record<string, string>): WebhookResponse {
  return { status, headers: { ...JSON_HEADERS, ...headers }, body: JSON.stringify(value) };
}

/** An answer that is no: a status of 4xx or 503 with a short JSON error. */
export function refusal(
  status: number,
  code: string,
  message: string,
  headers?: Record<string, string>,
): WebhookResponse {
  return json(status, { error: { code, message } }, headers);
}

/**
 * The answer when an event was not taken: 400 for what sending it again would not make better, else 503, so that the
 * platform sends it again.
 */
export function notTaken(
  error: unknown,
  { adapter, log }: { readonly adapter: string; readonly log: Log },
): WebhookResponse {
  if (error instanceof HobnobError && error.code === "WEBHOOK_INVALID") return refusal(400, error.code, error.message);
  const fields = { adapter, code: errorCode(error), reason: errorMessage(error) };
  const sentence = "an event was not stored; the platform is asked to send it again";
  // Of its own trouble the storage tells, once in a while and not for each event.
  if (fields.code.startsWith("STORAGE_")) log.debug(fields, sentence);
  else log.warn(fields, sentence);
  return error instanceof HobnobError
    ? refusal(503, error.code, error.message)
    : refusal(503, "NOT_STORED", "The event could not be stored. Send it again.");
}

/** A page for a person in a browser: a title and a sentence. */
export function page(
  status: number,
  { title, text }: { readonly title: string; readonly text: string },
  headers?: Record<string, string>,
): WebhookResponse {
  const body = `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)}</title>
<style>body{font:1.1rem/1.5 system-ui,sans-serif;max-width:36rem;margin:15vh auto;padding:0 1rem;color-scheme:light dark}</style>
<h1>${escapeHtml(title)}</h1><p>${escapeHtml(text)}</p></html>`;
  return {
    status,
    headers: {
      "content-type": "text/html; charset=utf-8",
      "cache-control": "no-store",
      "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'",
      // The address of an OAuth redirect holds a code.
      "referrer-policy": "no-referrer",
      ...headers,
    },
    body,
  };
}

/** Sends a browser elsewhere. */
export function redirect(location: string, headers?: Record<string, string>): WebhookResponse {
  return {
    status: 302,
    headers: { location, "cache-control": "no-store", "referrer-policy": "no-referrer", ...headers },
  };
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
