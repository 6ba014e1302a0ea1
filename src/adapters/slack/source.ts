import { type Fields, isFields, maybeFields, maybeString, readList } from "../shared/fields.ts";

/** Where a request comes from: which installation's token answers it. */
export interface Source {
  /** The workspace, `T…`. */
  readonly account: string | undefined;
  /** The organisation, `E…`, when the app is installed in the whole of it. */
  readonly organisation: string | undefined;
}

/**
 * Reads the workspace of the installation. In a channel shared between companies `team_id` may be the other company's, so
 * the ids of the context come first. https://docs.slack.dev/apis/events-api
 * @throws HobnobError `WEBHOOK_INVALID`
 */
export function sourceOf(body: Fields): Source {
  const granted = authorizationOf(body) ?? {};
  const team = maybeFields(body, "team");
  const enterprise = maybeFields(body, "enterprise");
  const organisation =
    maybeString(body, "context_enterprise_id") ??
    maybeString(granted, "enterprise_id") ??
    maybeString(body, "enterprise_id") ??
    (enterprise && maybeString(enterprise, "id"));
  // A form says it as a text.
  const isOrgWide = String(granted.is_enterprise_install) === "true" || String(body.is_enterprise_install) === "true";
  const account =
    maybeString(body, "context_team_id") ??
    maybeString(granted, "team_id") ??
    maybeString(body, "team_id") ??
    (team && maybeString(team, "id"));
  return {
    account: account ?? (isOrgWide ? organisation : undefined),
    organisation: isOrgWide ? organisation : undefined,
  };
}

/** On whose behalf Slack tells of an event: at most one is named. */
export function authorizationOf(body: Fields): Fields | undefined {
  const [first] = readList(body, "authorizations");
  return isFields(first) ? first : undefined;
}
