import { type AdapterHost, HobnobError, type WebhookResponse } from "../../core/index.ts";
import { page, refusal } from "../shared/answer.ts";
import { environmentName } from "../shared/options.ts";
import { loadBolt } from "./bolt.ts";
import { createClient, webClientOptions } from "./client.ts";
import { createInstallPages } from "./install.ts";
import { createInstallations } from "./installations.ts";
import { createIntake } from "./intake.ts";
import { createOAuth } from "./oauth.ts";
import type { Credentials, Settings } from "./options.ts";
import { createReceiver, type RequestCount } from "./receiver.ts";
import { openSocket } from "./socket.ts";
import { createTransport, type Transport } from "./transport.ts";
import { createWorkspaces, type Workspaces } from "./workspaces.ts";

/** What a started adapter holds. */
export interface Connection {
  readonly host: AdapterHost;
  readonly transport: Transport;
  readonly workspaces: Workspaces;
  /** Answers at the path for events. */
  readonly receive: Receiver;
  /** Answers at the paths for installations. */
  readonly install: Receiver;
  close(): Promise<void>;
}

type Receiver = ReturnType<typeof createReceiver>;

/** The environment names of credentials that are not set. With OAuth no token is needed, with Socket Mode no signing secret. */
export function missingNames(name: string, credentials: Credentials): string[] {
  const { token, clientId, clientSecret, signingSecret, appToken } = credentials;
  const missing: string[] = [];
  if (token === undefined && clientId === undefined && clientSecret === undefined) missing.push("BOT_TOKEN");
  if (clientId === undefined && clientSecret !== undefined) missing.push("CLIENT_ID");
  if (clientId !== undefined && clientSecret === undefined) missing.push("CLIENT_SECRET");
  if (signingSecret === undefined && appToken === undefined) missing.push("SIGNING_SECRET");
  return missing.map((suffix) => environmentName(name, suffix));
}

/** Connects an adapter to Slack by all the roads that its credentials open. @throws HobnobError */
export async function connect(
  settings: Omit<Settings, "credentials">,
  {
    host,
    credentials,
    requests,
    isSandboxed,
  }: {
    readonly host: AdapterHost;
    readonly credentials: Credentials;
    readonly requests: RequestCount;
    /** What is stored of a simulated platform needs no secret. */
    readonly isSandboxed: boolean;
  },
): Promise<Connection> {
  const { name, timeout, installPath, redirectPath, scopes } = settings;
  const { token, signingSecret, clientId, clientSecret, appToken, apiUrl, botUserId, teamId } = credentials;
  const missing = missingNames(name, credentials);
  if (missing.length > 0) {
    throw new HobnobError(
      "CONFIG_MISSING_CREDENTIAL",
      `The adapter \`${name}\` cannot start: set ${missing.join(" and ")}, or run it in the sandbox.`,
    );
  }
  // Bolt takes a tenth of a second to load; a bot that only imports this module does not pay for it.
  const bolt = loadBolt();
  const { WebClient } = await import("@slack/web-api");
  const transport = createTransport({ timeout });
  const client = (by: Parameters<typeof createClient>[1]["token"]) =>
    createClient(WebClient, { token: by, apiUrl, transport });

  const oauth =
    clientId === undefined || clientSecret === undefined
      ? undefined
      : createOAuth(client(undefined), { clientId, clientSecret }, host.clock.now);
  const installUrl = host.url + installPath;
  const installations = oauth && createInstallations({ adapter: name, host, oauth, installUrl });
  if (!isSandboxed) await installations?.probe();
  const workspaces = await createWorkspaces({
    adapter: name,
    host,
    apiUrl,
    token,
    botUserId,
    teamId,
    installations,
    client,
  });
  const clientOptions = webClientOptions({ apiUrl, transport });
  const take = createIntake({ adapter: name, workspaces, host, bolt, clientOptions });
  const secretName = environmentName(name, "SIGNING_SECRET");
  const receive =
    signingSecret === undefined
      ? async () => refusal(404, "NOT_FOUND", `Events come over a WebSocket here. For requests set ${secretName}.`)
      : createReceiver({ adapter: name, signingSecret, secretName, requests, host, take });
  const authorizeUrl = new URL("../oauth/v2/authorize", apiUrl).href;
  const install =
    oauth === undefined || installations === undefined
      ? async () => noInstall(name)
      : createInstallPages({
          adapter: name,
          host,
          oauth,
          installations,
          clientId: clientId!,
          scopes,
          authorizeUrl,
          installPath,
          redirectPath,
        });
  const tokenName = environmentName(name, "APP_TOKEN");
  const socket =
    appToken === undefined
      ? undefined
      : await openSocket({ adapter: name, tokenName, web: client(appToken), take, host });

  return {
    host,
    transport,
    workspaces,
    receive,
    install,
    async close() {
      await socket?.close();
      await transport.close();
    },
  };
}

function noInstall(name: string): WebhookResponse {
  const names = ["CLIENT_ID", "CLIENT_SECRET"].map((suffix) => environmentName(name, suffix));
  const text = `This app serves one workspace. To let people install it in theirs, set ${names.join(" and ")}.`;
  return page(404, { title: "Nothing to install", text });
}
