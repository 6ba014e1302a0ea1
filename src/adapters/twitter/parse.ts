import type { Event } from "../../core/index.ts";
import { type Fields, isFields, malformed, maybeString, readFields, readList } from "../shared/fields.ts";
import { parseDirect } from "./direct.ts";
import { parseActivityPost, parsePost } from "./post.ts";
import type { Reader } from "./reader.ts";

/** A reader that may not know yet who it is: X says for whom it calls. */
type MaybeReader = Omit<Reader, "self"> & { readonly self: string | undefined };

/** One thing that a body tells of: an event, something that no plugin can ask for, or something broken. */
export type Part =
  | { readonly kind: string; readonly event: Event }
  | { readonly kind: string; readonly ignored: true }
  | { readonly kind: string; readonly error: unknown };

/** The words with which X says that a user took the app's permission back. */
export const REVOKED = "revoked";

/**
 * What a body of X tells of: an Account Activity body may hold several kinds with several events each, an X Activity body
 * holds one. Something broken does not hide what stands beside it.
 * https://docs.x.com/x-api/account-activity/introduction, https://docs.x.com/x-api/activity/introduction
 * @throws HobnobError `WEBHOOK_INVALID` when it is neither
 */
export function parseBody(body: Fields, reader: MaybeReader): readonly Part[] {
  if (isFields(body.data) && typeof body.data.event_type === "string") {
    const owner = isFields(body.data.filter) ? body.data.filter.user_id : undefined;
    return [parseActivity(body.data, body.data.event_type, owner, reader)];
  }
  if (isFields(body.user_event)) return [{ kind: "revoke" in body.user_event ? REVOKED : "user_event", ignored: true }];
  if (isFields(body.replay_job_status)) return [{ kind: "replay_job_status", ignored: true }];
  const owner = maybeString(body, "for_user_id");
  if (owner === undefined) throw malformed("it says neither `for_user_id` nor `data.event_type`");
  return parseAccount(body, owner, reader);
}

function parseAccount(body: Fields, owner: string, reader: MaybeReader) {
  const kinds = Object.keys(body).filter((key) => key.endsWith("_events"));
  const { self = owner, adapter } = reader;
  return kinds.flatMap((kind): readonly Part[] => {
    let items: readonly unknown[];
    try {
      items = readList(body, kind);
    } catch (error) {
      return [{ kind, error }];
    }
    // An event of another account of the app: that account's own delivery is not for this bot.
    if (owner !== self || isBlocked(body)) return items.map(() => ({ kind, ignored: true }));
    return items.map((item) =>
      attempt(kind, () => {
        if (kind === "tweet_create_events") return parsePost(asFields(item, kind), { adapter, self });
        if (kind === "direct_message_events") return parseDirect(asFields(item, kind), body.users, { adapter, self });
        return undefined;
      }),
    );
  });
}

function parseActivity(
  data: Fields,
  kind: string,
  owner: unknown,
  { adapter, self = typeof owner === "string" ? owner : undefined }: MaybeReader,
): Part {
  if (kind === "oauth.revoke") return { kind: REVOKED, ignored: true };
  return attempt(kind, () => {
    if (self === undefined || (owner !== undefined && owner !== self)) return undefined;
    switch (kind) {
      case "post.mention.create":
      case "post.reply.create":
      case "post.quote.create":
        return parseActivityPost(readFields(data, "payload"), data, { adapter, self });
      case "dm.received": {
        const payload = readFields(data, "payload");
        const [item] = readList(payload, "direct_message_events");
        return parseDirect(asFields(item, "direct_message_events"), payload.users, { adapter, self });
      }
      default:
        return undefined;
    }
  });
}

function attempt(kind: string, parse: () => Event | undefined): Part {
  try {
    const event = parse();
    return event === undefined ? { kind, ignored: true } : { kind, event };
  } catch (error) {
    return { kind, error };
  }
}

function asFields(item: unknown, kind: string): Fields {
  if (isFields(item)) return item;
  throw malformed(`\`${kind}\` holds something that is no object`);
}

// The docs, their samples and what really comes disagree about name and type.
function isBlocked({ user_has_blocked: flag, is_blocked_by: other }: Fields): boolean {
  return [flag, other].some((value) => value === true || value === "true");
}
