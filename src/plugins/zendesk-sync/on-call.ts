import { type Conversation, errorMessage, fill } from "../../core/index.ts";
import type { AnyContext, Desk } from "./desk.ts";
import { isObject } from "./failure.ts";
import type { Options } from "./options.ts";
import { call } from "./transport.ts";
import { listOf } from "./wire.ts";

/** Somebody who is on call. */
export interface OnCallPerson {
  readonly name: string;
  readonly email?: string | undefined;
}

type PagerDuty = Exclude<NonNullable<Options["onCall"]>, readonly unknown[]>;

/** Says who is on call, and lets them follow the ticket. Nothing of this may keep a ticket from being opened. */
export async function callPeople(
  ctx: AnyContext,
  desk: Desk,
  { ticket, conversation }: { readonly ticket: string; readonly conversation: Conversation },
): Promise<void> {
  const { onCall, texts, timeout } = desk.options;
  if (onCall === undefined) return;
  const people = await ctx.once("on call", async (): Promise<readonly OnCallPerson[]> => {
    try {
      return Array.isArray(onCall) ? onCall.slice(0, 2) : await askPagerDuty(onCall, timeout, ctx.signal);
    } catch (error) {
      ctx.log.warn({}, `Who is on call could not be asked: ${errorMessage(error)}`);
      return [];
    }
  });
  const [primary, secondary] = people;
  if (primary === undefined) return;
  const values = { a: primary.name, b: secondary?.name ?? "" };
  await ctx.send(conversation, fill(secondary === undefined ? texts.onCallOne : texts.onCall, values));
  const followers = people.flatMap(({ email }) => (email === undefined ? [] : { user_email: email, action: "put" }));
  if (followers.length === 0) return;
  try {
    await ctx.once("followers", async () => void (await desk.zendesk(ctx.signal).update(ticket, { followers })));
  } catch (error) {
    ctx.log.warn({ ticket }, `Who is on call does not follow the ticket: ${errorMessage(error)}`);
  }
}

/** The first two of an escalation policy. https://developer.pagerduty.com/api-reference/3a6b910f11050-list-all-of-the-on-calls */
async function askPagerDuty(
  { clientId, clientSecret, escalationPolicy, apiUrl, identityUrl }: PagerDuty,
  timeout: number,
  signal: AbortSignal,
): Promise<readonly OnCallPerson[]> {
  const form = { grant_type: "client_credentials", client_id: clientId, client_secret: clientSecret };
  const { json: granted } = await call({
    service: "PagerDuty",
    name: "oauth/token",
    url: identityUrl,
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams(form).toString(),
    timeout,
    signal,
  });
  const token = isObject(granted) ? granted.access_token : undefined;
  const query = new URLSearchParams({ "escalation_policy_ids[]": escalationPolicy, "include[]": "users" });
  const { json } = await call({
    service: "PagerDuty",
    name: "oncalls",
    url: `${apiUrl.replace(/\/+$/, "")}/oncalls?${query}`,
    method: "GET",
    headers: { authorization: `Bearer ${token}`, accept: "application/json" },
    timeout,
    signal,
  });
  return listOf(json, "oncalls")
    .filter(isObject)
    .sort((a, b) => Number(a.escalation_level) - Number(b.escalation_level))
    .flatMap(({ user }) => {
      if (!isObject(user)) return [];
      const name = user.summary ?? user.name;
      if (typeof name !== "string" || name === "") return [];
      return typeof user.email === "string" ? { name, email: user.email } : { name };
    })
    .slice(0, 2);
}
