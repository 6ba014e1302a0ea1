import { type CheckSetup, errorMessage, type Finding } from "../../core/index.ts";
import type { Answer } from "../shared/client.ts";
import { isFields } from "../shared/fields.ts";
import { environmentName } from "../shared/options.ts";
import type { Api } from "./client.ts";
import type { Credentials, Paths } from "./options.ts";
import { idOf } from "./parse.ts";
import { wireId } from "./place.ts";

const MOST_SKEW_S = 60;

/** Looks at the settings, then asks Twist whose the token is. */
export async function* checkSetup(
  { url, now }: CheckSetup,
  setup: {
    readonly name: string;
    readonly credentials: Credentials;
    readonly paths: Paths;
    /** Undefined without a token. */
    readonly api: Api | undefined;
  },
): AsyncGenerator<Finding> {
  const { name, credentials, paths, api } = setup;
  const { verifyToken, token, clientId, clientSecret, botUserId } = credentials;
  const verifyTokenName = environmentName(name, "VERIFY_TOKEN");
  const tokenName = environmentName(name, "TOKEN");

  if (verifyToken === undefined) {
    const message = "Not set. It is the verification token in the integration's settings.";
    yield { level: "error", subject: verifyTokenName, message };
  } else yield { level: "ok", subject: verifyTokenName, message: "It is set." };

  if (url?.startsWith("https://")) {
    const message = `The URL of the outgoing webhook, on the integration's Bot tab, has to be ${url}${paths.webhook[0]}`;
    yield { level: "ok", subject: "HOBNOB_URL", message };
  } else if (url !== undefined) {
    yield { level: "error", subject: "HOBNOB_URL", message: `It is ${url}. Twist calls https addresses only.` };
  }

  if ((clientId === undefined) !== (clientSecret === undefined)) {
    const subject = environmentName(name, clientId === undefined ? "CLIENT_ID" : "CLIENT_SECRET");
    yield { level: "warning", subject, message: `Not set, so nobody can install the bot at ${paths.install}.` };
  }

  if (api === undefined || token === undefined) {
    const message = "Not set. It is the OAuth token in the integration's settings.";
    yield { level: "error", subject: tokenName, message };
    return;
  }
  let answer: Answer;
  try {
    const url = "users/get_session_user";
    answer = await api.client.call({ name: url, method: "GET", url, authorization: `Bearer ${token}` });
  } catch (error) {
    yield { level: "error", subject: tokenName, message: errorMessage(error) };
    return;
  }
  const { json, headers } = answer;
  if (!isFields(json) || json.id === undefined) {
    const message = "Twist's API did not answer as it should. Is the API URL right?";
    yield { level: "error", subject: environmentName(name, "API_URL"), message };
    return;
  }
  yield { level: "ok", subject: tokenName, message: `It belongs to ${String(json.name)} (${String(json.id)}).` };
  if (json.bot === false && botUserId === undefined) {
    const bots = await listBots(api, idOf(json.default_workspace));
    const message = `Not set, and the token belongs to a person: the bot cannot tell when it is named in a thread. Set the id of the bot's user${bots}.`;
    yield { level: "warning", subject: environmentName(name, "BOT_USER_ID"), message };
  }
  const skew = Math.round(Math.abs(now() - Date.parse(String(headers.date))) / 1000);
  if (skew > MOST_SKEW_S) {
    const message = `This machine's clock is ${skew} s away from Twist's, so that callbacks are taken for expired or for open. Set the clock.`;
    yield { level: "warning", subject: "clock", message };
  }
}

/** The bots of a workspace for a message: one of them is this one. */
async function listBots(api: Api, workspace: string | undefined): Promise<string> {
  if (workspace === undefined) return "";
  // It only helps; the finding stands without it.
  const users = await api.get("workspace_users/get", { id: wireId(workspace) }).catch(() => []);
  const bots = (Array.isArray(users) ? users : [])
    .filter(isFields)
    .filter(({ bot, removed }) => bot === true && !removed);
  return bots.length === 0 ? "" : `; the bots there: ${bots.map(({ name, id }) => `${name} (${id})`).join(", ")}`;
}
