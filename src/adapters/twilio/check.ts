import { errorMessage, type Finding } from "../../core/index.ts";
import { type Fields, isFields } from "../shared/fields.ts";
import { environmentName } from "../shared/options.ts";
import { isReachable } from "../shared/reach.ts";
import { type Api, createApi } from "./client.ts";
import { type Credentials, missingNames } from "./options.ts";

const MOST_SKEW = 30_000;

/** Looks at the credentials' form, then asks Twilio whose they are and where the number's messages go. */
export async function* checkSetup(setup: {
  readonly name: string;
  readonly credentials: Credentials;
  readonly timeout: number;
  /** The webhook's URL; undefined when the bot's public URL is not known. */
  readonly webhook: string | undefined;
  now(): number;
}): AsyncGenerator<Finding> {
  const { name, credentials, webhook } = setup;
  for (const subject of missingNames(name, credentials)) {
    yield { level: "error", subject, message: "Not set. It is on the front page of Twilio's console." };
  }
  yield* checkForm(name, credentials);
  yield* checkAddress(credentials, webhook);
  const { accountSid, authTokens, from } = credentials;
  if (accountSid === undefined || authTokens.length === 0) return;
  const api = createApi(credentials, setup.timeout);
  try {
    yield* checkAccount(name, credentials, api, setup.now);
    if (from !== undefined) yield* checkSender(environmentName(name, "FROM"), { api, from, webhook });
  } catch (error) {
    const subject = environmentName(name, credentials.apiKey ? "API_KEY" : "AUTH_TOKEN");
    yield { level: "error", subject, message: errorMessage(error) };
  } finally {
    api.close();
  }
}

function* checkForm(name: string, { accountSid, authTokens, apiKey, apiSecret }: Credentials): Generator<Finding> {
  const accountName = environmentName(name, "ACCOUNT_SID");
  const tokenName = environmentName(name, "AUTH_TOKEN");
  if (accountSid?.startsWith("SK")) {
    yield {
      level: "error",
      subject: accountName,
      message: "This is an API key (SK…). The account SID begins with AC.",
    };
  } else if (accountSid !== undefined && !/^AC[0-9a-f]{32}$/i.test(accountSid)) {
    yield {
      level: "warning",
      subject: accountName,
      message: "It does not look like an account SID (AC…, 34 characters).",
    };
  }
  if (authTokens.some((token) => !/^[0-9a-f]{32}$/i.test(token))) {
    const message =
      "It does not look like an auth token (32 hexadecimal digits). An API key's secret cannot take its place: Twilio signs with the auth token only.";
    yield { level: "warning", subject: tokenName, message };
  }
  const keyName = environmentName(name, "API_KEY");
  if ((apiKey === undefined) !== (apiSecret === undefined)) {
    const message = "Set the key and its secret, or neither. Until then the auth token is used.";
    yield { level: "warning", subject: keyName, message };
  }
  if (apiKey?.startsWith("AC")) {
    yield { level: "error", subject: keyName, message: "This is an account SID (AC…). An API key begins with SK." };
  }
}

function* checkAddress({ apiUrl }: Credentials, webhook: string | undefined): Generator<Finding> {
  const subject = "HOBNOB_URL";
  if (webhook === undefined) {
    const message = "Not set. Twilio signs the URL it calls, so the bot has to know its public https address.";
    yield { level: "error", subject, message };
  } else if (!isReachable(webhook, apiUrl)) {
    const message = "Twilio cannot call this address. Use a public https address, for example of a tunnel.";
    yield { level: "error", subject, message };
  }
}

async function* checkAccount(
  name: string,
  { authTokens }: Credentials,
  api: Api,
  now: () => number,
): AsyncGenerator<Finding> {
  const subject = environmentName(name, "ACCOUNT_SID");
  const { json, headers } = await api.account();
  const { friendly_name, status, type } = isFields(json) ? json : ({} as Fields);
  yield { level: "ok", subject, message: `The credentials open the account ${friendly_name}.` };
  if (status !== "active") yield { level: "error", subject, message: `The account is ${status}. Look at the console.` };
  if (type === "Trial") {
    const message = "A trial account writes to verified numbers only, and puts a sentence in front of every text.";
    yield { level: "warning", subject, message };
  }
  if (authTokens.length > 1) {
    const message = "Two tokens are taken. Take the old one out once the new one is the primary token.";
    yield { level: "warning", subject: environmentName(name, "AUTH_TOKEN"), message };
  }
  const skew = Math.abs(now() - Date.parse(String(headers.date)));
  if (skew > MOST_SKEW) {
    const message = `This machine's clock is ${Math.round(skew / 1000)} s away from Twilio's. Set it: a message in doubt is looked up by its time.`;
    yield { level: "warning", subject: "clock", message };
  }
}

async function* checkSender(
  subject: string,
  { api, from, webhook }: { readonly api: Api; readonly from: string; readonly webhook: string | undefined },
): AsyncGenerator<Finding> {
  if (from.startsWith("MG") || from.includes(":")) {
    const what = from.startsWith("MG") ? "Messaging Service, Integration" : "Senders, WhatsApp senders";
    const message = `Where its messages go cannot be read. Look in the console below ${what}: it has to be ${webhook ?? "the webhook"}.`;
    yield { level: "warning", subject, message };
    return;
  }
  const [number] = await api.numbers(from);
  if (number === undefined) {
    const message = "This is not a number of the account. Buy it there, or set one that is listed under Phone Numbers.";
    yield { level: "error", subject, message };
    return;
  }
  const { sms_url, sms_application_sid, capabilities } = number;
  if (isFields(capabilities) && capabilities.sms === false) {
    yield { level: "error", subject, message: "This number cannot send messages. Choose one with SMS." };
  }
  if (typeof sms_application_sid === "string" && sms_application_sid !== "") {
    const message = 'A TwiML app answers its messages. Choose Webhook under "A message comes in" instead.';
    yield { level: "error", subject, message };
  } else if (webhook !== undefined && withoutFragment(sms_url) !== withoutFragment(webhook)) {
    const where = typeof sms_url === "string" && sms_url !== "" ? "elsewhere" : "nowhere";
    const message = `Its messages go ${where}. Set "A message comes in" of the number to Webhook, ${webhook}, HTTP POST.`;
    yield { level: "error", subject, message };
  } else if (webhook !== undefined) {
    yield { level: "ok", subject, message: `Its messages come to ${webhook}.` };
  }
}

// The fragment holds settings of retries.
function withoutFragment(url: unknown): string {
  return String(url ?? "").split("#")[0]!;
}
