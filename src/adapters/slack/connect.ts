import type { WebClient } from "@slack/web-api";
import type { AdapterHost, WebhookRequest, WebhookResponse } from "../../core/index.ts";
import { refusal } from "../shared/answer.ts";
import { nothingToInstall } from "../shared/handshake.ts";
import { cannotStart } from "../shared/life.ts";
import { environmentName } from "../shared/options.ts";
import { createSaid, type Said } from "../shared/said.ts";
import { loadBolt } from "./bolt.ts";
import { createClient, webClientOptions } from "./client.ts";
import { createInstallPages } from "./install.ts";
import { createInstallations } from "./installations.ts";
import { createIntake } from "./intake.ts";
import { createOAuth } from "./oauth.ts";
import { missingNames, type Settings } from "./options.ts";
import { createReceiver, type RequestCount } from "./receiver.ts";
import { openSocket } from "./socket.ts";
import { createTransport, type Transport } from "./transport.ts";
import { createWorkspaces, type Workspaces } from "./workspaces.ts";

/** What a started adapter holds. */
export interface Connection {
  readonly host: AdapterHost;
  readonly transport: Transport;
  readonly workspaces: Workspaces;
  /** Whose files are which, for posts that cannot carry a reply's `ref`. */
  readonly uploads: Said;
  /** Answers at the path for events. */
  readonly receive: ReturnType<typeof createReceiver>;
  /** Answers at the paths for installations. */
  readonly install: (request: WebhookRequest) => Promise<WebhookResponse>;
  close(): Promise<void>;
}

/** What an adapter is connected in. */
export interface Surroundings {
  readonly host: AdapterHost;
  readonly requests: RequestCount;
  /** What is stored of a simulated platform needs no secret. */
  readonly isSandboxed: boolean;
}

/** Connects an adapter to Slack by all the roads that its credentials open. @throws HobnobError */
export async function connect(settings: Settings, surroundings: Surroundings): Promise<Connection> {
  const { name, timeout, credentials } = settings;
  const { host, requests, isSandboxed } = surroundings;
  const { token, signingSecret, appToken, apiUrl, botUserId, teamId } = credentials;
  const missing = missingNames(name, credentials);
  if (missing.length > 0) {
    throw cannotStart(name, missing);
  }
  // Bolt takes a tenth of a second to load; a bot that only imports this module does not pay for it.
  const bolt = loadBolt();
  const { WebClient } = await import("@slack/web-api");
  await using opened = new AsyncDisposableStack();
  const transport = createTransport({ timeout, maySend: host.maySend });
  opened.defer(() => transport.close());
  const client = (by: Parameters<typeof createClient>[1]["token"]) =>
    createClient(WebClient, { token: by, apiUrl, transport });

  const installing = createInstalling(settings, { host, web: client(undefined) });
  if (!isSandboxed) await installing?.installations.probe();
  const workspaces = await createWorkspaces({
    adapter: name,
    host,
    apiUrl,
    token,
    botUserId,
    teamId,
    installations: installing?.installations,
    client,
  });
  const clientOptions = webClientOptions({ apiUrl, transport });
  const take = createIntake({ adapter: name, workspaces, host, bolt, clientOptions });
  const secretName = environmentName(name, "SIGNING_SECRET");
  const receive =
    signingSecret === undefined
      ? async () => refusal(404, "NOT_FOUND", `Events come over a WebSocket here. For requests set ${secretName}.`)
      : createReceiver({ adapter: name, signingSecret, secretName, requests, host, take });
  const tokenName = environmentName(name, "APP_TOKEN");
  const socket =
    appToken === undefined || host.receives === false
      ? undefined
      : await openSocket({ adapter: name, tokenName, web: client(appToken), take, host });
  opened.defer(async () => socket?.close());
  const all = opened.move();

  return {
    host,
    transport,
    workspaces,
    uploads: createSaid({ adapter: name, store: host.store, log: host.log }),
    receive,
    install: installing?.pages ?? (async () => nothingToInstall(name)),
    close: () => all.disposeAsync(),
  };
}

/** What people install the app with; undefined when the app has no client id. */
function createInstalling(settings: Settings, { host, web }: { readonly host: AdapterHost; readonly web: WebClient }) {
  const { name, installPath, credentials } = settings;
  const { clientId, clientSecret } = credentials;
  if (clientId === undefined || clientSecret === undefined) return undefined;
  const oauth = createOAuth(web, { clientId, clientSecret }, host.clock.now);
  const installations = createInstallations({ adapter: name, host, oauth, installUrl: host.url + installPath });
  return { installations, pages: createInstallPages(settings, { host, oauth, installations, clientId }) };
}
