import type { WebClient } from "@slack/web-api";
import { DeliveryError, errorMessage, type Finding } from "../../core/index.ts";
import { environmentName } from "../shared/options.ts";
import { createClient } from "./client.ts";
import { checkForm } from "./credential-form.ts";
import type { Answer } from "./http-answer.ts";
import type { Credentials } from "./options.ts";
import { type RequestCount, SUSPICIOUS, wrongSecret } from "./receiver.ts";
import { MORE_SCOPES, SCOPES, WITHOUT } from "./scopes.ts";
import type { Transport } from "./transport.ts";

/** What `check` looks at. */
export interface Checked {
  readonly name: string;
  readonly path: string;
  readonly installPath: string;
  readonly redirectPath: string;
  readonly credentials: Credentials;
  readonly requests: RequestCount;
  readonly transport: Transport;
  readonly stock: typeof WebClient;
  /** The bot's public base URL, where one is configured. */
  readonly url: string | undefined;
  now(): number;
}

const MOST_SKEW = 60_000;
const TOKEN_PAGE = "The token is on the app's OAuth & Permissions page (https://api.slack.com/apps).";
const REINSTALL =
  "Add them on the app's OAuth & Permissions page (https://api.slack.com/apps) and install the app again.";

/** Looks at the credentials' form, then asks Slack whose they are, then at the road that events come by. */
export async function* checkSetup(checked: Checked): AsyncGenerator<Finding> {
  const { name, credentials, requests } = checked;
  yield* checkForm(name, credentials);
  if (requests.verified === 0 && requests.misfits >= SUSPICIOUS) {
    const subject = environmentName(name, "SIGNING_SECRET");
    const message = `None of ${requests.misfits} requests was signed with it: ${wrongSecret(subject)}`;
    yield { level: "error", subject, message };
  }
  yield* checkToken(checked);
  yield* checkRoad(checked);
  yield* checkInstall(checked);
}

async function* checkToken({ name, credentials, transport, stock, now }: Checked): AsyncGenerator<Finding> {
  const { token, apiUrl, botUserId } = credentials;
  if (token === undefined) return;
  const subject = environmentName(name, "BOT_TOKEN");
  let answer: Answer | undefined;
  const watched: Transport = {
    ...transport,
    async post(call) {
      answer = await transport.post(call);
      return answer;
    },
  };
  try {
    const who = await createClient(stock, { token, apiUrl, transport: watched }).auth.test();
    const message = `It belongs to @${who.user} in the workspace ${who.team} (${who.team_id}).`;
    yield { level: "ok", subject, message };
    if (botUserId !== undefined && who.user_id !== undefined && /^[UW]/.test(botUserId) && botUserId !== who.user_id) {
      const wrong = `It is somebody else's id: this token's bot is ${who.user_id}. Set that, or leave it empty.`;
      yield { level: "error", subject: environmentName(name, "BOT_USER_ID"), message: wrong };
    }
    const granted = who.response_metadata?.scopes;
    if (granted) yield* checkScopes(subject, granted);
  } catch (error) {
    const isRefused = error instanceof DeliveryError && error.permanent;
    yield {
      level: "error",
      subject,
      message: isRefused ? `${errorMessage(error)} ${TOKEN_PAGE}` : errorMessage(error),
    };
  }
  yield* checkClock(answer, now());
}

function* checkScopes(subject: string, granted: readonly string[]): Generator<Finding> {
  const lacking = (scopes: readonly string[]) =>
    scopes.filter((scope) => !granted.includes(scope)).map((scope) => `${scope} (${WITHOUT[scope] ?? "needed"})`);
  const missing = lacking(SCOPES);
  const more = lacking(MORE_SCOPES);
  if (missing.length > 0) {
    yield { level: "error", subject, message: `Missing scopes: ${missing.join(", ")}. ${REINSTALL}` };
  }
  if (more.length > 0) {
    yield { level: "warning", subject, message: `Some abilities lack their scopes: ${more.join(", ")}. ${REINSTALL}` };
  }
}

function* checkClock(answer: Answer | undefined, now: number): Generator<Finding> {
  const date = Date.parse(String(answer?.headers.date));
  const skew = Math.round(Math.abs(now - date) / 1000);
  if (!(skew * 1000 > MOST_SKEW)) return;
  const message = `This machine's clock is ${skew} s away from Slack's. Slack's requests are refused from 300 s on: set the clock.`;
  yield { level: skew >= 300 ? "error" : "warning", subject: "clock", message };
}

async function* checkRoad({ name, path, credentials, transport, stock, url }: Checked): AsyncGenerator<Finding> {
  const { appToken, apiUrl } = credentials;
  if (appToken !== undefined) {
    const subject = environmentName(name, "APP_TOKEN");
    try {
      await createClient(stock, { token: appToken, apiUrl, transport }).apps.connections.open({});
      yield { level: "ok", subject, message: "Socket Mode works: events come over a WebSocket, without a public URL." };
    } catch (error) {
      const where =
        "Switch on Socket Mode for the app, and take a token with the scope connections:write from its Basic Information page (https://api.slack.com/apps).";
      yield { level: "error", subject, message: `${errorMessage(error)} ${where}` };
    }
    return;
  }
  if (url === undefined) return;
  const requestUrl = `${url.replace(/\/+$/, "")}${path}`;
  yield url.startsWith("https://")
    ? {
        level: "ok",
        subject: "HOBNOB_URL",
        message: `The Request URL of events, interactivity and slash commands is ${requestUrl}`,
      }
    : {
        level: "error",
        subject: "HOBNOB_URL",
        message: `${url} is not https, and Slack sends to nothing else. Use a domain with a certificate, a tunnel, or Socket Mode (${environmentName(name, "APP_TOKEN")}).`,
      };
}

function* checkInstall({ name, installPath, redirectPath, credentials, url }: Checked): Generator<Finding> {
  const { clientId, clientSecret } = credentials;
  const subject = environmentName(name, "CLIENT_ID");
  if (clientId !== undefined && !/^\d+\.\d+$/.test(clientId)) {
    const message =
      "It does not look like a client id (two numbers with a dot between). Copy it from Basic Information.";
    yield { level: "warning", subject, message };
  }
  if ((clientId === undefined) !== (clientSecret === undefined)) {
    const half = clientId === undefined ? subject : environmentName(name, "CLIENT_SECRET");
    const message = "Not set, and its other half is. Both are on the app's Basic Information page.";
    yield { level: "error", subject: half, message };
  }
  if (clientId === undefined || clientSecret === undefined || url === undefined) return;
  const base = url.replace(/\/+$/, "");
  const message = `People install the app at ${base}${installPath}; its Redirect URL, on the OAuth & Permissions page, is ${base}${redirectPath}`;
  yield { level: "ok", subject, message };
}
