import { z } from "zod";
import { type Duration, parseDuration } from "../../core/index.ts";
import { officeHours } from "./hours.ts";
import { PUBLIC_TEST_SECRET } from "./signature.ts";
import { texts } from "./texts.ts";

// What comes from the environment may be an empty text.
const credential = (about: string) =>
  z
    .string()
    .optional()
    .transform((value) => value || undefined)
    .describe(about);
const path = z.string().regex(/^\/\S*$/, "begin it with a slash");
const id = z.string().regex(/^\d+$/, "is the id's digits");
const duration = z.custom<Duration>((value) => parseDuration(value as string) !== undefined, 'write it as "10s"');

const place = z.strictObject({
  adapter: z.string().describe("Its adapter's name."),
  id: z.string().describe("Its id."),
  account: z.string().optional().describe("Its workspace, for an adapter that serves several."),
});

const pagerDuty = z.strictObject({
  clientId: z.string().describe("Of an OAuth client at PagerDuty."),
  clientSecret: z.string().describe("Its secret."),
  escalationPolicy: z.string().describe("The id of the policy whose first two people are named."),
  apiUrl: z.url().default("https://api.pagerduty.com").describe("Base URL of PagerDuty's API."),
  identityUrl: z.url().default("https://identity.pagerduty.com/oauth/token").describe("Where its tokens come from."),
});

const person = z.strictObject({
  name: z.string().describe("Said in the thread."),
  email: z.email().optional().describe("An agent's address in Zendesk, who then follows the ticket."),
});

/** Messages of these subtypes of Slack's are about a conversation, not in it. */
const SUBTYPES = (
  "channel_archive channel_join channel_leave channel_name channel_purpose channel_rename channel_topic channel_unarchive " +
  "ekm_access_denied file_comment file_mention group_archive group_join group_leave group_name group_purpose group_topic " +
  "group_unarchive me_message message_changed message_deleted message_replied pinned_item thread_broadcast unpinned_item"
).split(" ");

export const options = z.object({
  subdomain: credential("`acme` of `acme.zendesk.com`."),
  oauthToken: credential("An OAuth access token."),
  clientId: credential("With `clientSecret`, instead of a token: the identifier of an OAuth client."),
  clientSecret: credential("The secret of that client."),
  email: credential("With `token`, instead of OAuth: an agent's address. Zendesk ends API tokens on 2027-04-30."),
  token: credential("The API token."),
  webhookSecret: credential("The signing secret of the webhook.").refine(
    (value) => value !== PUBLIC_TEST_SECRET,
    "is Zendesk's public test secret, which everybody knows. Take the webhook's own",
  ),
  webhookToken: credential("Accepts the old hooks too, which bring this as `token` in their body."),
  apiUrl: credential("Base URL of the API. Default: `https://<subdomain>.zendesk.com/api/v2`."),
  ticketUrl: credential("Where people read tickets. Default: `https://<subdomain>.zendesk.com/agent/tickets`."),
  path: path.default("/zendesk/webhook").describe("Where Zendesk's webhook comes in."),
  mailPath: path
    .default("/zendesk/email/webhook")
    .describe("Where the old hook for tickets that came by e-mail comes in."),
  channels: z
    .array(z.string().trim().min(1))
    .default([])
    .describe("Ids of conversations to watch, and names of adapters that are watched as a whole. Empty: all."),
  groups: z
    .record(z.string(), id)
    .default({})
    .describe("Ids of Zendesk's groups, by the id of a conversation or the name of an adapter."),
  group: id.or(z.literal("")).optional().describe("The group of all other tickets."),
  tags: z.array(z.string()).default(["hobnob"]).describe("Tags of every ticket."),
  linkField: id.optional().describe("The custom field that takes the message's link."),
  bots: z.array(z.string()).default([]).describe("Ids of other bots whose messages open tickets too."),
  ignoreSubtypes: z
    .array(z.string())
    .default(SUBTYPES)
    .describe("Messages that are not talk, by the `subtype` that a platform gives them."),
  closingWords: z
    .array(z.string())
    .default(["resolve", "resolve ticket", "done", "✅", ":white_check_mark:", "🆗", ":ok:"])
    .describe("Texts that close a ticket, in any case."),
  closingReactions: z
    .array(z.string())
    .default(["white_check_mark", "ok"])
    .describe("Reactions to its first message that close a ticket."),
  openingReactions: z
    .array(z.string())
    .default(["ticket"])
    .describe("Reactions that make a ticket of a message without one, where the platform lets a bot read back."),
  closeAs: z.enum(["solved", "closed"]).default("solved").describe("What closing sets. `closed` is for ever."),
  notesOn: z
    .array(z.string())
    .default([])
    .describe(
      "Names of adapters where the staff sees the ticket's private notes, as whispers. Elsewhere they never go.",
    ),
  platformNames: z
    .record(z.string(), z.string())
    .default({ slack: "Slack", twist: "Twist", twitter: "X", livechat: "LiveChat", twilio: "SMS" })
    .describe("What platforms are called in comments."),
  mail: place
    .optional()
    .describe("The conversation where tickets that came by e-mail are told of: `{ adapter, id, account? }`."),
  hours: officeHours
    .optional()
    .describe("Office hours: `{ begin, end, timeZone, days, holidays }`. Without them none are out of hours."),
  onCall: z
    .union([z.array(person), pagerDuty])
    .optional()
    .describe(
      "Who is on call: a list of `{ name, email? }`, or PagerDuty's `{ clientId, clientSecret, escalationPolicy }`.",
    ),
  report: z
    .strictObject({
      when: z.string().default("0 9 * * 1-5").describe("A cron expression."),
      timeZone: z.string().default("Europe/London").describe("Its zone."),
    })
    .nullable()
    .prefault({})
    .describe("When the daily report goes to each channel that had tickets. Null: never."),
  maxFileBytes: z.int().min(0).default(50_000_000).describe("Larger files are named only."),
  mailLength: z.int().min(1).default(320).describe("Comments that came by e-mail are cut to so many characters."),
  timeout: z.int().min(1).default(10_000).describe("Milliseconds a call to Zendesk may take."),
  attempts: z.int().min(1).default(8).describe("How often what Zendesk did not take is tried."),
  backoff: duration
    .default("2s")
    .describe("How long to wait before the second attempt; three times that before the next."),
  patience: z
    .array(duration)
    .default(["5s", "1m", "5m"])
    .describe("How long an answer that comes before its thread's first message waits for that, time after time."),
  texts: texts.prefault({}).describe("Everything it says; `{url}` is the ticket's address."),
});

export type Options = z.output<typeof options>;

/** The environment names of what is not set and has to be. */
export function missingNames(given: z.input<typeof options>): readonly string[] {
  const { subdomain, apiUrl, oauthToken, clientId, clientSecret, email, token, webhookSecret, webhookToken } = given;
  return [
    ...(subdomain || apiUrl ? [] : ["ZENDESK_SUBDOMAIN"]),
    ...(oauthToken || (clientId && clientSecret) || (email && token) ? [] : ["ZENDESK_OAUTH_TOKEN"]),
    ...(webhookSecret || webhookToken ? [] : ["ZENDESK_WEBHOOK_SECRET"]),
  ];
}
