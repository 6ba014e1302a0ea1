import type { WebClient } from "@slack/web-api";
import { errorMessage, type Finding } from "../../core/index.ts";
import { environmentName } from "../shared/options.ts";
import { createClient } from "./client.ts";
import type { Credentials } from "./options.ts";
import { MORE_SCOPES, SCOPES } from "./scopes.ts";
import type { Answer, Transport } from "./transport.ts";

const MOST_SKEW = 60_000;

/** Looks at the credentials' form, then asks Slack whose they are. */
export async function* checkSetup(setup: {
  readonly name: string;
  readonly credentials: Credentials;
  readonly transport: Transport;
  readonly stock: typeof WebClient;
  now(): number;
}): AsyncGenerator<Finding> {
  const { name, credentials } = setup;
  const tokenName = environmentName(name, "BOT_TOKEN");
  const secretName = environmentName(name, "SIGNING_SECRET");
  const { token, signingSecret, apiUrl } = credentials;

  if (signingSecret === undefined) {
    yield { level: "error", subject: secretName, message: "Not set. It is on the app's Basic Information page." };
  } else if (!/^[0-9a-f]{32}$/.test(signingSecret)) {
    const message = "It does not look like a signing secret (32 hexadecimal digits). Copy it from Basic Information.";
    yield { level: "warning", subject: secretName, message };
  } else yield { level: "ok", subject: secretName, message: "It looks like a signing secret." };

  if (token === undefined) {
    yield { level: "error", subject: tokenName, message: "Not set. It is on the app's OAuth & Permissions page." };
    return;
  }
  if (!token.startsWith("xoxb-")) {
    yield { level: "warning", subject: tokenName, message: "It is no bot token: those begin with xoxb-." };
  }

  let answer: Answer | undefined;
  const transport: Transport = {
    ...setup.transport,
    async post(call) {
      answer = await setup.transport.post(call);
      return answer;
    },
  };
  try {
    const who = await createClient(setup.stock, { token, apiUrl, transport }).auth.test();
    yield {
      level: "ok",
      subject: tokenName,
      message: `It belongs to @${who.user} in the workspace ${who.team} (${who.team_id}).`,
    };
    const granted = who.response_metadata?.scopes;
    if (granted) yield* checkScopes(tokenName, granted);
  } catch (error) {
    yield { level: "error", subject: tokenName, message: errorMessage(error) };
  }
  const date = Date.parse(String(answer?.headers.date));
  const skew = Math.round(Math.abs(setup.now() - date) / 1000);
  if (skew * 1000 > MOST_SKEW) {
    const message = `This machine's clock is ${skew} s away from Slack's. Slack's requests are refused from 300 s on: set the clock.`;
    yield { level: skew >= 300 ? "error" : "warning", subject: "clock", message };
  }
}

function* checkScopes(subject: string, granted: readonly string[]): Generator<Finding> {
  const missing = SCOPES.filter((scope) => !granted.includes(scope));
  const more = MORE_SCOPES.filter((scope) => !granted.includes(scope));
  const remedy = "Add them on the app's OAuth & Permissions page and install the app again.";
  if (missing.length > 0)
    yield { level: "error", subject, message: `Missing scopes: ${missing.join(", ")}. ${remedy}` };
  if (more.length > 0) {
    yield {
      level: "warning",
      subject,
      message: `Without these scopes some abilities fail: ${more.join(", ")}. ${remedy}`,
    };
  }
}
