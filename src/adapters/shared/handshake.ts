import { randomBytes } from "node:crypto";
import {
  type AdapterHost,
  DeliveryError,
  errorCode,
  errorMessage,
  HobnobError,
  type WebhookRequest,
  type WebhookResponse,
} from "../../core/index.ts";
import { OK, page, redirect, refusal } from "./answer.ts";
import { environmentName } from "./options.ts";
import { isSame } from "./signature.ts";

/** What a person reads at the end. */
export interface Outcome {
  readonly title: string;
  readonly text: string;
}

/** A platform's OAuth, as far as a person's browser takes part in it. */
export interface HandshakeOptions {
  /** The adapter's name. */
  readonly adapter: string;
  /** As people know it: `Slack`. */
  readonly platform: string;
  readonly host: Pick<AdapterHost, "store" | "log" | "url">;
  /** Where it begins. Every other path is taken for the way back. */
  readonly installPath: string;
  /** The way back, as the platform has it. */
  readonly redirectUri: string;
  /** The platform's consent page, with all that it wants to know but the state. */
  readonly consentUrl: URL;
  /** The `cause` of a `DeliveryError` by which the platform says that the code is over. */
  readonly codeRefused: readonly string[];
  /** Exchanges the code, and keeps what it is good for. */
  install(code: string): Promise<Outcome>;
  /** What somebody gets who comes back without a state; undefined where he may go on. @default he is turned away */
  withoutState?(): Promise<Outcome | undefined>;
  /** The page of an installation that came to nothing. @default titled "Not installed" */
  failed?(why: string): Outcome;
}

// No consent page waits longer for its answer.
const MINUTES = 10;
const STATE = /^[\w-]{32}$/;
// What an answer was like that made no sense, or did not come.
const UNCLEAR = ["DELIVERY_FAILED", "RATE_LIMITED", "WEBHOOK_INVALID"];

/**
 * The two pages of an installation: the one that sends people to the platform, and the one they come back to. A state joins
 * them: random, good once and for ten minutes, and only in the browser that began.
 * https://datatracker.ietf.org/doc/html/rfc6749#section-10.12
 */
export function createHandshake(options: HandshakeOptions): (request: WebhookRequest) => Promise<WebhookResponse> {
  const { adapter, platform, host, installPath, redirectUri } = options;
  const { store, log } = host;
  const cookieName = `hobnob-${adapter}-install`;
  const back = new URL(redirectUri);
  const again = `Begin again at ${host.url}${installPath}`;
  const {
    failed = (text) => ({ title: "Not installed", text }),
    withoutState = async () => failed(`This installation was not begun here. ${again}.`),
  } = options;

  function cookie(value: string, seconds: number): Record<string, string> {
    const secure = back.protocol === "https:" ? "; Secure" : "";
    // Only the way back sees it. `Lax` lets it come along from the platform's page.
    const scope = `Path=${back.pathname}; Max-Age=${seconds}; HttpOnly; SameSite=Lax`;
    return { "set-cookie": `${cookieName}=${value}; ${scope}${secure}` };
  }

  const end = (status: number, outcome: Outcome) => page(status, outcome, cookie("", 0));

  async function begin(): Promise<WebhookResponse> {
    const state = randomBytes(24).toString("base64url");
    await store.set(`state:${state}`, true, { ttl: `${MINUTES}m` });
    const consent = new URL(options.consentUrl);
    consent.searchParams.set("state", state);
    return redirect(consent.href, cookie(state, MINUTES * 60));
  }

  /** Is this the end of what this browser began? True a single time. */
  async function isBegun(request: WebhookRequest, state: string | undefined): Promise<boolean> {
    if (state === undefined || !STATE.test(state)) return false;
    if (!cookiesOf(request, cookieName).some((value) => isSame(value, state))) return false;
    const key = `state:${state}`;
    // Of two at once only one deletes it.
    return (await store.get(key)) !== undefined && (await store.delete(key));
  }

  async function finish(request: WebhookRequest): Promise<WebhookResponse> {
    const query = new URLSearchParams(request.query);
    if (query.has("state")) {
      if (!(await isBegun(request, single(query, "state")))) {
        log.warn({ adapter }, "refused an installation that did not begin in this browser, or began too long ago");
        return end(400, failed(`This installation was not begun in this browser, or it is over. ${again}.`));
      }
    } else {
      const outcome = await withoutState();
      if (outcome !== undefined) return end(options.withoutState ? 200 : 400, outcome);
    }
    if (query.get("error") === "access_denied") {
      return end(403, failed(`It was not allowed in ${platform}. ${again} if that was a mistake.`));
    }
    const code = single(query, "code");
    if (code === undefined) return end(400, failed(`${platform} sent no code. ${again}.`));
    return end(200, await options.install(code));
  }

  function explain(error: unknown): WebhookResponse {
    log.error({ adapter, code: errorCode(error), reason: errorMessage(error) }, "an installation failed");
    const isSure = error instanceof DeliveryError && !error.maybeSent;
    if (isSure && options.codeRefused.includes(String(error.cause))) {
      return end(400, failed(`${platform} no longer takes the code of this installation. ${again}.`));
    }
    if (!isSure && error instanceof HobnobError && UNCLEAR.includes(error.code)) {
      return end(502, failed(`${platform} did not answer as it should. ${again} in a while.`));
    }
    return end(500, failed("The operator of this app finds the reason in its log."));
  }

  return async (request) => {
    // Looked at ahead, by a program: nothing begins.
    if (request.method === "HEAD") return OK;
    if (request.method !== "GET") {
      return refusal(405, "METHOD_NOT_ALLOWED", "This page is opened in a browser.", { allow: "GET" });
    }
    try {
      return await (request.path === installPath ? begin() : finish(request));
    } catch (error) {
      return explain(error);
    }
  };
}

/** The page of an app that nobody can install, for want of its id or its secret. */
export function nothingToInstall(adapter: string): WebhookResponse {
  const names = ["CLIENT_ID", "CLIENT_SECRET"].map((suffix) => environmentName(adapter, suffix));
  return page(404, {
    title: "Nothing to install",
    text: `To let people install this app, set ${names.join(" and ")}.`,
  });
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
