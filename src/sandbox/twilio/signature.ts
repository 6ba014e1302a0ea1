import { createHmac } from "node:crypto";

/** The `X-Twilio-Signature` of a form post. https://www.twilio.com/docs/usage/security */
export function signature(token: string, url: string, form: URLSearchParams): string {
  const names = [...new Set(form.keys())].sort();
  const fields = names.flatMap((name) => [...new Set(form.getAll(name))].sort().map((value) => name + value));
  return createHmac("sha1", token)
    .update(url + fields.join(""))
    .digest("base64");
}
