import type { Finding } from "../../core/index.ts";
import { environmentName } from "../shared/options.ts";
import type { Credentials } from "./options.ts";

const BASIC = "the app's Basic Information page (https://api.slack.com/apps)";
const OAUTH = "the app's OAuth & Permissions page (https://api.slack.com/apps)";

/** What can be told of the credentials by looking at them: above all, one pasted in another's place. */
export function* checkForm(name: string, credentials: Credentials): Generator<Finding> {
  yield* checkSecret(environmentName(name, "SIGNING_SECRET"), credentials);
  yield* checkToken(environmentName(name, "BOT_TOKEN"), credentials);
  const { appToken, botUserId } = credentials;
  if (appToken !== undefined && !appToken.startsWith("xapp-")) {
    const message = `It is no app-level token: those begin with xapp-. Make one with the scope connections:write on ${BASIC}.`;
    yield { level: "error", subject: environmentName(name, "APP_TOKEN"), message };
  }
  if (botUserId !== undefined && !/^[UW]/.test(botUserId)) {
    const kind = KINDS[botUserId[0]!] ?? "no user id";
    const message = `It is ${kind}, and mentions name the bot's user id, which begins with U. Leave it empty, and Slack is asked; or open the bot's profile in Slack and copy its member ID.`;
    yield { level: "error", subject: environmentName(name, "BOT_USER_ID"), message };
  }
}

const KINDS: Readonly<Record<string, string>> = {
  A: "an app id (A…)",
  B: "a bot id (B…)",
  C: "a channel's id (C…)",
  D: "a direct conversation's id (D…)",
  T: "a workspace's id (T…)",
};

function* checkSecret(subject: string, { signingSecret, clientSecret, appToken }: Credentials): Generator<Finding> {
  if (signingSecret === undefined) {
    if (appToken === undefined) yield { level: "error", subject, message: `Not set. It is on ${BASIC}.` };
    return;
  }
  if (signingSecret === clientSecret) {
    const message = `It is the Client Secret, with which no request can be verified. Copy the Signing Secret, the field below it, from ${BASIC}.`;
    yield { level: "error", subject, message };
  } else if (/^x(?:ox|app)/.test(signingSecret)) {
    yield { level: "error", subject, message: `It is a token. Copy the Signing Secret from ${BASIC}.` };
  } else if (!/^[0-9a-f]{32}$/.test(signingSecret)) {
    const message = `It does not look like a signing secret (32 hexadecimal digits). Copy it from ${BASIC}.`;
    yield { level: "warning", subject, message };
  } else {
    const message =
      "It looks like a signing secret. The Client Secret looks the same: only a request of Slack's can tell.";
    yield { level: "ok", subject, message };
  }
}

function* checkToken(subject: string, { token, clientId }: Credentials): Generator<Finding> {
  if (token === undefined) {
    const message = `Not set. It is on ${OAUTH}, once the app is installed.`;
    if (clientId === undefined) yield { level: "error", subject, message };
    return;
  }
  const wrong = WRONG_TOKENS.find(([prefix]) => token.startsWith(prefix))?.[1];
  if (wrong !== undefined) {
    const message = `It is ${wrong}. Copy the Bot User OAuth Token, xoxb-…, from ${OAUTH}.`;
    yield { level: "error", subject, message };
  } else if (!/^xox[be]/.test(token)) {
    yield { level: "warning", subject, message: `It is no bot token: those begin with xoxb-. It is on ${OAUTH}.` };
  }
}

const WRONG_TOKENS: readonly (readonly [prefix: string, what: string])[] = [
  ["xoxp-", "a user's token (xoxp-…)"],
  ["xapp-", "an app-level token (xapp-…), which belongs in the variable of the APP_TOKEN"],
  ["xoxe-", "a refresh token (xoxe-…)"],
];
