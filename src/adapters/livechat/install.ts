import { createHash, randomBytes } from "node:crypto";
import {
  type AdapterHost,
  errorCode,
  errorMessage,
  type WebhookRequest,
  type WebhookResponse,
} from "../../core/index.ts";
import { OK, page, redirect, refusal } from "../shared/answer.ts";
import { isSame } from "../shared/signature.ts";
import type { Api } from "./api.ts";
import type { Installations } from "./installations.ts";
import { type ProvisionOptions, provision } from "./provision.ts";
import { createTurns } from "./turns.ts";

/** The pages that people install the bot with: to LiveChat's consent page, and back from it. */
export interface InstallPages {
  begin(request: WebhookRequest): Promise<WebhookResponse>;
  /** Exchanges the code that LiveChat sends people back with, and sets their license up. */
  complete(request: WebhookRequest): Promise<WebhookResponse>;
}

export interface InstallOptions extends ProvisionOptions {
  readonly adapter: string;
  readonly api: Api;
  readonly installations: Installations;
  readonly host: AdapterHost;
  readonly accountsUrl: string;
  readonly redirectUri: string;
}

const COOKIE = "hobnob_livechat_install";
const STATE_TTL = "10m";

export function createInstallPages(options: InstallOptions): InstallPages {
  const { adapter, api, installations, host, redirectUri } = options;
  const { store, log } = host;
  const inTurn = createTurns();

  /** A state is good once, and only in the browser that it was made for. */
  async function isOwnState(state: string, request: WebhookRequest): Promise<boolean> {
    let kept: string | undefined;
    const key = `state:${state}`;
    await store.update<string>(key, (current) => {
      kept = current;
      return undefined;
    });
    const secret = cookieOf(request);
    return kept !== undefined && secret !== undefined && isSame(digest(secret), kept);
  }

  async function install(code: string): Promise<WebhookResponse> {
    const access = await api.exchange(code, redirectUri);
    const { organization: account, license } = await api.info(access.token);
    // Two tabs of one owner must not make two bots.
    return inTurn(account, async () => {
      const before = await installations.get(account);
      const authorization = `Bearer ${access.token}`;
      const bot = await provision(options, { authorization, account, before: before?.bot });
      await installations.save({ account, access, bot, ...(license !== undefined && { license }) });
      log.info(
        { adapter, account, license },
        before ? "renewed on a LiveChat license" : "installed on a LiveChat license",
      );
      return before === undefined ? enabled(license ?? account) : alreadyEnabled();
    });
  }

  return {
    async begin({ method }) {
      if (method !== "GET") return onlyGet(method);
      const state = randomBytes(24).toString("base64url");
      const secret = randomBytes(24).toString("base64url");
      await store.set(`state:${state}`, digest(secret), { ttl: STATE_TTL });
      const url = new URL(options.accountsUrl);
      url.search = new URLSearchParams({
        response_type: "code",
        client_id: options.clientId,
        redirect_uri: redirectUri,
        state,
      }).toString();
      const answer = redirect(url.href);
      const secure = redirectUri.startsWith("https:") ? "; Secure" : "";
      const cookie = `${COOKIE}=${secret}; Path=/; Max-Age=600; HttpOnly; SameSite=Lax${secure}`;
      return { ...answer, headers: { ...answer.headers, "set-cookie": cookie } };
    },

    async complete(request) {
      if (request.method !== "GET") return onlyGet(request.method);
      const query = new URLSearchParams(request.query);
      const state = query.get("state");
      const code = query.get("code");
      try {
        if (state === null) {
          // A link of LiveChat's own carries no state. It may begin, but nobody can be lured into changing anything by one.
          if ((await installations.accounts()).length > 0) return alreadyEnabled();
        } else if (!(await isOwnState(state, request))) {
          log.warn({ adapter }, "refused an installation that did not begin in this browser, or began too long ago");
          return failed(400);
        }
        if (code === null || code === "") {
          log.warn({ adapter, reason: query.get("error")?.slice(0, 40) }, "LiveChat's consent page gave no code");
          return failed(400);
        }
        return await install(code);
      } catch (error) {
        log.error(
          { adapter, code: errorCode(error), reason: errorMessage(error) },
          "the bot could not be installed on a LiveChat license; a second try may do",
        );
        return failed(502);
      }
    },
  };
}

const TITLE = "LiveChat";
const enabled = (license: string) =>
  page(200, { title: TITLE, text: `BOT integration successfully enabled on license ${license}!` });
const alreadyEnabled = () => page(200, { title: TITLE, text: "BOT integration already enabled" });
const failed = (status: number) => page(status, { title: TITLE, text: "Can not enable BOT integration" });

function onlyGet(method: string): WebhookResponse {
  return method === "HEAD"
    ? OK
    : refusal(405, "METHOD_NOT_ALLOWED", "Open this address in a browser.", { allow: "GET" });
}

function digest(secret: string): string {
  return createHash("sha256").update(secret).digest("base64url");
}

function cookieOf({ headers }: WebhookRequest): string | undefined {
  const header = typeof headers.cookie === "string" ? headers.cookie : (headers.cookie ?? []).join("; ");
  for (const pair of header.split(";")) {
    const [name, value] = pair.trim().split("=", 2);
    if (name === COOKIE) return value;
  }
  return undefined;
}
