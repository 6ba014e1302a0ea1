import { randomBytes } from "node:crypto";
import {
  type AdapterHost,
  DeliveryError,
  errorCode,
  errorMessage,
  type WebhookRequest,
  type WebhookResponse,
} from "../../core/index.ts";
import { page, redirect, refusal } from "../shared/answer.ts";
import { isSame } from "../shared/signature.ts";
import type { Installations } from "./installations.ts";
import type { Installation, OAuth } from "./oauth.ts";

/** What the pages need that lead a person through an installation. */
export interface InstallOptions {
  /** The adapter's name. */
  readonly adapter: string;
  readonly host: AdapterHost;
  readonly oauth: OAuth;
  readonly installations: Installations;
  readonly clientId: string;
  readonly scopes: readonly string[];
  /** Slack's page where a person allows it. */
  readonly authorizeUrl: string;
  readonly installPath: string;
  readonly redirectPath: string;
}

// Slack's own page waits no longer for its answer.
const MINUTES = 10;
const STATE = /^[\w-]{32}$/;
/** What Slack says of a code that is over; beginning again helps. */
const CODE_REFUSED = ["invalid_code", "code_already_used", "code_expired", "invalid_grant"];

/**
 * The two pages of an installation: the one that sends people to Slack, and the one they come back to. A state joins them:
 * random, good once and for ten minutes, and only in the browser that began.
 * https://docs.slack.dev/authentication/installing-with-oauth
 */
export function createInstallPages(options: InstallOptions): (request: WebhookRequest) => Promise<WebhookResponse> {
  const { adapter, host, oauth, installations, installPath, redirectPath } = options;
  const { store, log } = host;
  const cookieName = `${adapter}-install`;
  const installUrl = host.url + installPath;
  const redirectUri = host.url + redirectPath;

  function cookie(value: string, seconds: number): Record<string, string> {
    const secure = host.url.startsWith("https:") ? "; Secure" : "";
    return { "set-cookie": `${cookieName}=${value}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Lax${secure}` };
  }

  function failed(status: number, text: string): WebhookResponse {
    const answer = page(status, { title: "Not installed", text });
    return { ...answer, headers: { ...answer.headers, ...cookie("", 0) } };
  }

  async function begin(): Promise<WebhookResponse> {
    const state = randomBytes(24).toString("base64url");
    await store.set(`state:${state}`, true, { ttl: `${MINUTES}m` });
    const url = new URL(options.authorizeUrl);
    url.searchParams.set("client_id", options.clientId);
    url.searchParams.set("scope", options.scopes.join(","));
    url.searchParams.set("redirect_uri", redirectUri);
    url.searchParams.set("state", state);
    const answer = redirect(url.href);
    return { ...answer, headers: { ...answer.headers, ...cookie(state, MINUTES * 60) } };
  }

  /** Is this the end of what this browser began? True a single time. */
  async function isBegun(request: WebhookRequest, state: string | undefined): Promise<boolean> {
    if (state === undefined || !STATE.test(state)) return false;
    if (!cookiesOf(request, cookieName).some((value) => isSame(value, state))) return false;
    const key = `state:${state}`;
    return (await store.get(key)) !== undefined && (await store.delete(key));
  }

  async function finish(request: WebhookRequest): Promise<WebhookResponse> {
    const query = new URLSearchParams(request.query);
    if (!(await isBegun(request, single(query, "state")))) {
      const text = "This installation was not begun in this browser, or it is over.";
      return failed(400, `${text} Begin again at ${installUrl}.`);
    }
    if (query.has("error")) {
      const isDenied = query.get("error") === "access_denied";
      const text = isDenied ? "It was not allowed in Slack." : "Slack ended the installation.";
      return failed(isDenied ? 403 : 400, `${text} Begin again at ${installUrl} if that was a mistake.`);
    }
    const code = single(query, "code");
    if (code === undefined) return failed(400, `Slack sent no code. Begin again at ${installUrl}.`);
    let installation: Installation;
    try {
      installation = await oauth.exchange(code, redirectUri);
    } catch (error) {
      return exchangeFailed(error);
    }
    await installations.save(installation);
    log.info({ adapter, account: installation.account }, "The app was installed in a workspace.");
    const text = `It is installed in ${installation.name}. Invite it to a channel there, or write to it directly.`;
    const answer = page(200, { title: "Bot added to your Slack team!", text });
    return { ...answer, headers: { ...answer.headers, ...cookie("", 0) } };
  }

  function exchangeFailed(error: unknown): WebhookResponse {
    const cause = error instanceof DeliveryError ? String(error.cause) : "";
    if (CODE_REFUSED.includes(cause)) {
      return failed(400, `Slack no longer takes the code of this installation. Begin again at ${installUrl}.`);
    }
    log.error({ adapter, code: errorCode(error), reason: errorMessage(error) }, "An installation failed.");
    const isOurs = error instanceof DeliveryError && !error.maybeSent;
    const text = isOurs
      ? "This app is set up wrongly; its operator finds the reason in the log."
      : `Slack did not answer as it should. Begin again at ${installUrl} in a while.`;
    return failed(isOurs ? 500 : 502, text);
  }

  return async (request) => {
    if (request.method !== "GET") {
      return refusal(405, "METHOD_NOT_ALLOWED", "This page is opened in a browser.", { allow: "GET" });
    }
    try {
      return await (request.path === installPath ? begin() : finish(request));
    } catch (error) {
      log.error({ adapter, code: errorCode(error), reason: errorMessage(error) }, "An installation failed.");
      return failed(500, "The installation could not be kept; the operator of this app finds the reason in the log.");
    }
  };
}

/** The value of a parameter that was sent exactly once. */
function single(query: URLSearchParams, name: string): string | undefined {
  const [value, ...more] = query.getAll(name);
  return more.length > 0 || value === "" ? undefined : value;
}

function cookiesOf({ headers }: WebhookRequest, name: string): readonly string[] {
  const { cookie = "" } = headers;
  const pairs = (typeof cookie === "string" ? cookie : cookie.join(";")).split(";");
  return pairs
    .map((pair) => pair.trim())
    .flatMap((pair) => (pair.startsWith(`${name}=`) ? pair.slice(name.length + 1) : []));
}
