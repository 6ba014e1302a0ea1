import { type CheckSetup, errorMessage, type Finding } from "../../core/index.ts";
import { isFields } from "../shared/fields.ts";
import { environmentName } from "../shared/options.ts";
import type { Client } from "./client.ts";
import { type Credentials, missingNames } from "./options.ts";
import type { Webhooks } from "./webhooks.ts";

const MOST_SKEW = 60_000;

/** Looks whether all credentials are there, then asks X whose they are, what they allow and where events go. */
export async function* checkSetup({
  name,
  credentials,
  path,
  setup,
  connect,
}: {
  readonly name: string;
  readonly credentials: Credentials;
  /** Of the webhook. */
  readonly path: string;
  readonly setup: CheckSetup;
  /** Called once all credentials are there. */
  connect(): Promise<{ readonly account: Client; webhooks(): Promise<Webhooks> }>;
}): AsyncGenerator<Finding> {
  const missing = missingNames(name, credentials);
  const where = "It is on the app's Keys and tokens page in X's developer console.";
  for (const subject of missing) yield { level: "error", subject, message: `Not set. ${where}` };
  yield* checkUrl(setup.url);
  if (missing.length > 0) return;

  const { account, webhooks } = await connect();
  const subject = environmentName(name, "ACCESS_TOKEN");
  try {
    const { data, headers } = await account.read("getUsersMe", (api) =>
      api.v2.get("users/me", {}, { fullResponse: true }),
    );
    yield { level: "ok", subject, message: `It belongs to @${handleIn(data)}.` };
    yield* checkAccess(subject, headers["x-access-level"]);
    yield* checkClock(setup.now() - Date.parse(String(headers.date)));
  } catch (error) {
    yield { level: "error", subject, message: errorMessage(error) };
    return;
  }
  if (setup.url !== undefined)
    yield* checkWebhook(`${setup.url}${path}`, environmentName(name, "BEARER_TOKEN"), webhooks);
}

function* checkUrl(url: string | undefined): Generator<Finding> {
  const subject = "HOBNOB_URL";
  if (url === undefined) {
    yield { level: "warning", subject, message: "Not set: X has to know an https address of this bot." };
    return;
  }
  const { protocol, port } = new URL(url);
  if (protocol !== "https:" || port !== "") {
    yield { level: "error", subject, message: "X sends events to https addresses without a port only." };
  }
}

function* checkAccess(subject: string, level: unknown): Generator<Finding> {
  const remedy = "Set the app's permissions to `Read and write and Direct message`, then make a new access token.";
  if (level === "read") yield { level: "error", subject, message: `It may only read. ${remedy}` };
  else if (level === "read-write") {
    yield { level: "warning", subject, message: `It may not send direct messages. ${remedy}` };
  }
}

function* checkClock(skew: number): Generator<Finding> {
  const seconds = Math.round(Math.abs(skew) / 1000);
  if (!(Math.abs(skew) > MOST_SKEW)) return;
  const message = `This machine's clock is ${seconds} s away from X's. Calls are refused from 300 s on: set the clock.`;
  yield { level: seconds >= 300 ? "error" : "warning", subject: "clock", message };
}

async function* checkWebhook(url: string, subject: string, connect: () => Promise<Webhooks>): AsyncGenerator<Finding> {
  const remedy = "Run `hobnob twitter register` while the bot is running.";
  try {
    const found = (await (await connect()).list()).find((webhook) => webhook.url === url);
    if (found === undefined) yield { level: "error", subject: "webhook", message: `X does not know ${url}. ${remedy}` };
    else if (!found.isValid) {
      yield {
        level: "error",
        subject: "webhook",
        message: `X has given up on ${url}: it had no right answer. ${remedy}`,
      };
    } else if (!found.isSubscribed) {
      const message = `X knows ${url}, but not by Account Activity whose events to send there. Unless you use X Activity: ${remedy}`;
      yield { level: "warning", subject: "webhook", message };
    } else yield { level: "ok", subject: "webhook", message: `X sends the account's events to ${url}.` };
  } catch (error) {
    yield { level: "error", subject, message: errorMessage(error) };
  }
}

function handleIn(answer: unknown): string {
  const data = isFields(answer) ? answer.data : undefined;
  return isFields(data) && typeof data.username === "string" ? data.username : "unknown";
}
