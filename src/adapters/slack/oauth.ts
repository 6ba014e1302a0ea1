import type { WebClient } from "@slack/web-api";
import { DeliveryError, errorMessage, HobnobError, RateLimitError } from "../../core/index.ts";
import { type Fields, maybeFields, maybeString, readString } from "../shared/fields.ts";

/** The app's own credentials, which codes and refresh tokens are exchanged with. */
export interface OAuthApp {
  readonly clientId: string;
  readonly clientSecret: string;
}

/** What an installation leaves behind. */
export interface Installation {
  /** The workspace, `T…`, or the organisation, `E…`. */
  readonly account: string;
  readonly name: string;
  readonly botUserId: string;
  /** Milliseconds since 1970. */
  readonly installedAt: number;
  readonly token: string;
  /** With token rotation. */
  readonly refreshToken?: string;
  /** Milliseconds since 1970; absent for a token that stays. */
  readonly expiresAt?: number;
}

/** Slack's token endpoint. https://docs.slack.dev/authentication/installing-with-oauth */
export interface OAuth {
  /** @throws DeliveryError whose `cause` is Slack's error; `WEBHOOK_INVALID` for an answer that names no workspace or token */
  exchange(code: string, redirectUri: string): Promise<Installation>;
  /** A fresh token in place of an old one. https://docs.slack.dev/authentication/using-token-rotation */
  refresh(refreshToken: string): Promise<Pick<Installation, "token" | "refreshToken" | "expiresAt">>;
}

/** `web`: a client without a token. */
export function createOAuth(web: WebClient, { clientId, clientSecret }: OAuthApp, now: () => number): OAuth {
  const app = { client_id: clientId, client_secret: clientSecret };
  return {
    async exchange(code, redirectUri) {
      const answer = { ...(await web.oauth.v2.access({ ...app, code, redirect_uri: redirectUri })) };
      return readInstallation(answer, now());
    },
    async refresh(refreshToken) {
      const grant = { ...app, grant_type: "refresh_token" as const, refresh_token: refreshToken };
      return readGrant({ ...(await web.oauth.v2.access(grant)) }, now());
    },
  };
}

/** The error of a post whose token could not be had: the post itself has not left. */
export function withoutToken(error: unknown): HobnobError {
  if (error instanceof RateLimitError) {
    return new RateLimitError(error.message, { retryAfter: error.retryAfter, scope: "account" });
  }
  if (error instanceof HobnobError && !(error instanceof DeliveryError)) return error;
  const permanent = error instanceof HobnobError && error.permanent;
  const message = `It was not sent, for want of a token. ${errorMessage(error)}`;
  return new DeliveryError(message, { maybeSent: false, permanent, cause: error });
}

function readInstallation(answer: Fields, now: number): Installation {
  const team = maybeFields(answer, "team");
  const enterprise = maybeFields(answer, "enterprise");
  const isOrgWide = answer.is_enterprise_install === true;
  return {
    account: isOrgWide ? readString(enterprise ?? {}, "id") : readString(team ?? {}, "id"),
    name: maybeString((isOrgWide ? enterprise : team) ?? {}, "name") ?? "the workspace",
    botUserId: readString(answer, "bot_user_id"),
    installedAt: now,
    ...readGrant(answer, now),
  };
}

function readGrant(answer: Fields, now: number): Pick<Installation, "token" | "refreshToken" | "expiresAt"> {
  const refreshToken = maybeString(answer, "refresh_token");
  const { expires_in: seconds } = answer;
  return {
    token: readString(answer, "access_token"),
    ...(refreshToken !== undefined && { refreshToken }),
    ...(typeof seconds === "number" && { expiresAt: now + seconds * 1000 }),
  };
}
