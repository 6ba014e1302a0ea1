import { type CheckSetup, DeliveryError, errorMessage, type Finding } from "../../core/index.ts";
import type { Answer, Client } from "../shared/client.ts";
import { isRefused } from "../shared/failure.ts";
import { isFields } from "../shared/fields.ts";
import { environmentName } from "../shared/options.ts";
import { type Api, createApi } from "./client.ts";
import type { Installations } from "./installations.ts";
import { type Credentials, missingNames, personalAuthorization, usesPersonalToken } from "./options.ts";
import { missingWebhooks } from "./provision.ts";
import type { Sessions } from "./sessions.ts";

const MOST_SKEW = 60_000;
const SHORTEST_SECRET = 10;

/** What the licenses are looked at with; only a started adapter has it. */
export interface Installed {
  readonly installations: Installations;
  readonly sessions: Sessions;
}

/** Looks at the credentials' form, then asks LiveChat whether they are good and what each license has. */
export async function* checkSetup(
  { url, now }: CheckSetup,
  options: {
    readonly name: string;
    readonly path: string;
    readonly installPath: string;
    readonly credentials: Credentials;
    readonly client: Client;
    readonly installed: Installed | undefined;
  },
): AsyncGenerator<Finding> {
  const { name, credentials, installed, path, installPath } = options;
  const { clientId, webhookSecret } = credentials;
  const subjectOf = (suffix: string) => environmentName(name, suffix);
  const missing = missingNames(name, credentials);
  for (const subject of missing) yield { level: "error", subject, message: "Not set. It is in the Developer Console." };
  if (webhookSecret !== undefined && webhookSecret.length < SHORTEST_SECRET) {
    const message = `It is shorter than ${SHORTEST_SECRET} characters and can be guessed. Make one with: openssl rand -hex 20`;
    yield { level: "warning", subject: subjectOf("WEBHOOK_SECRET"), message };
  }
  if (missing.length > 0 || clientId === undefined) return;

  let date: number | undefined;
  const client: Client = {
    ...options.client,
    async call(call) {
      const answer = await options.client.call(call);
      date = dateOf(answer);
      return answer;
    },
  };
  const api = createApi({ ...credentials, clientId, client, now });
  const look = { clientId, webhookUrl: `${url ?? ""}${path}` };
  if (usesPersonalToken(credentials)) {
    const authorization = personalAuthorization(credentials);
    const account = credentials.organizationId ?? "";
    yield* checkLicense(api, { ...look, account, asOwner: (call) => call(authorization) });
  } else {
    yield* checkClient(api, subjectOf("CLIENT_SECRET"));
    if (installed !== undefined)
      yield* checkInstallations(api, { ...look, installed, name, page: `${url ?? ""}${installPath}` });
  }
  const skew = date === undefined ? 0 : Math.abs(now() - date);
  if (skew > MOST_SKEW) {
    const message = `This machine's clock is ${Math.round(skew / 1000)} s away from LiveChat's. Tokens may end unnoticed: set the clock.`;
    yield { level: "warning", subject: "clock", message };
  }
}

/** A refresh token that nobody has: the answer tells whether the client was known. */
async function* checkClient(api: Api, subject: string): AsyncGenerator<Finding> {
  try {
    await api.refresh("none");
  } catch (error) {
    if (isRefused(error, "invalid_grant", "not_found", "validation")) {
      yield { level: "ok", subject, message: "LiveChat knows this client id and secret." };
    } else yield { level: "error", subject, message: errorMessage(error) };
  }
}

async function* checkInstallations(
  api: Api,
  {
    installed: { installations, sessions },
    name,
    page,
    ...look
  }: {
    readonly installed: Installed;
    readonly name: string;
    readonly page: string;
    readonly clientId: string;
    readonly webhookUrl: string;
  },
): AsyncGenerator<Finding> {
  const accounts = await installations.accounts();
  if (accounts.length === 0) {
    yield {
      level: "warning",
      subject: name,
      message: `The bot is installed on no license yet. Open ${page} in a browser.`,
    };
  }
  for (const account of accounts) {
    yield* checkLicense(api, { ...look, account, asOwner: (call) => sessions.asOwner(account, call) });
  }
}

async function* checkLicense(
  api: Api,
  license: {
    readonly account: string;
    readonly clientId: string;
    readonly webhookUrl: string;
    asOwner<T>(call: (authorization: string) => Promise<T>): Promise<T>;
  },
): AsyncGenerator<Finding> {
  const { account, clientId, webhookUrl } = license;
  const subject = `license ${account}`;
  const owner = { owner_client_id: clientId };
  try {
    const [webhooks, state] = await license.asOwner(async (authorization) => [
      await api.configure(authorization, "list_webhooks", owner),
      await api.configure(authorization, "get_license_webhooks_state", owner),
    ]);
    const missing = missingWebhooks(webhooks, webhookUrl);
    if (missing.length > 0) {
      const message = `No webhook to ${webhookUrl} for ${missing.join(", ")}. Start the bot, which registers them, or install it again.`;
      yield { level: "error", subject, message };
    } else if (isFields(state) && state.license_webhooks_enabled === false) {
      yield { level: "error", subject, message: "Its webhooks are switched off. Install the bot again." };
    } else yield { level: "ok", subject, message: "Installed, and its webhooks are on." };
  } catch (error) {
    if (!(error instanceof DeliveryError)) throw error;
    yield { level: "error", subject, message: errorMessage(error) };
  }
}

function dateOf({ headers }: Answer): number | undefined {
  const date = Date.parse(headers.date ?? "");
  return Number.isNaN(date) ? undefined : date;
}
