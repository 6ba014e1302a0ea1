import type { WebhookRequest } from "../../core/index.ts";
import { contentType, readForm, readJson, readText } from "../shared/body.ts";
import { type Fields, malformed, readString } from "../shared/fields.ts";

/** The body of a verified request: JSON, the JSON in a form's `payload`, or a form. @throws HobnobError `WEBHOOK_INVALID` */
export function readRequest(request: WebhookRequest): Fields {
  const type = contentType(request) ?? "application/json";
  const text = readText(request);
  if (type === "application/json") return readJson(text);
  if (type !== "application/x-www-form-urlencoded") throw malformed("the content type is neither JSON nor a form");
  const form = readForm(text);
  return Object.hasOwn(form, "payload") ? readJson(readString(form, "payload")) : { ...form };
}
