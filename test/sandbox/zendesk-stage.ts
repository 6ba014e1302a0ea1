import { expect } from "vitest";
import type { DeliveryRecord, ShownMessage } from "../../src/sandbox/index.ts";
import { loadSpec } from "../specs/spec.ts";
import { openStage } from "./stage.ts";

// biome-ignore lint/suspicious/noExplicitAny: a test looks at what the wire brings
type Wire = any;

export interface ApiCall {
  readonly headers?: Readonly<Record<string, string>>;
  /** A file, in place of JSON. */
  readonly file?: string;
  /** It is not what the description allows: wrong on purpose, or told of in its prose only. */
  readonly isOdd?: boolean;
}

export interface ApiAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly json: Wire;
}

const spec = loadSpec("zendesk", {
  toPath: (path) => (path.startsWith("api/") ? `/${path.replace(".json", "")}` : undefined),
});

/** Where its own examples differ from the description: changed tags come as a list, and a custom field is set by its id alone. */
const EXCEPTIONS: readonly string[] = [
  "AuditObject /events/*/value must be string",
  "AuditObject /events/*/value must be integer",
  "AuditObject /events/*/value must match exactly one schema in oneOf",
  "CustomFieldObject /key is missing",
  "CustomFieldObject /type is missing",
  "CustomFieldObject /title is missing",
];

// The description does not say of most fields that they are null when they are not set; its own examples do.
const withoutNulls = (answer: string) =>
  answer.startsWith("{") ? JSON.stringify(JSON.parse(answer, (_, value) => value ?? undefined)) : "";

/** A simulated Zendesk with a bot's webhook beside it; every call of its API is held against Zendesk's own description. */
export async function openDesk(retryDelays: readonly number[] = [0, 5, 10]) {
  const stage = await openStage({ retryDelays });
  const { bot, control, sandbox } = stage;
  const webhook = `${bot.url}/zendesk/webhook`;
  const credentials = sandbox.connect({ platform: "zendesk", name: "zendesk-sync", webhook })!;

  async function api(method: string, path: string, body?: object, call: ApiCall = {}): Promise<ApiAnswer> {
    const { file, headers, isOdd = false } = call;
    const sent = file ?? (body && JSON.stringify(body));
    const contentType = file === undefined ? "application/json" : "text/plain";
    const response = await fetch(`${credentials.apiUrl}/${path}`, {
      method,
      redirect: "manual",
      headers: {
        authorization: `Bearer ${credentials.oauthToken}`,
        ...(sent !== undefined && { "content-type": contentType }),
        ...headers,
      },
      ...(sent !== undefined && { body: sent }),
    });
    const answer = await response.text();
    const { status } = response;
    if (!isOdd) {
      const given = {
        method,
        contentType,
        status,
        answer: withoutNulls(answer),
        path: `api/v2/${path}`,
        body: file === undefined ? (sent ?? "") : "",
      };
      expect(spec.examine(given).filter((line) => !EXCEPTIONS.includes(line))).toEqual([]);
    }
    return { status, headers: response.headers, json: answer.startsWith("{") ? JSON.parse(answer) : undefined };
  }

  return {
    ...stage,
    credentials,
    api,
    /** A ticket by the API; resolves with it. */
    async open(ticket: object = {}, call?: ApiCall): Promise<Wire> {
      const whole = { subject: "My printer", comment: { body: "It is on fire." }, ...ticket };
      return (await api("POST", "tickets", { ticket: whole }, call)).json.ticket;
    },
    /** What somebody does on the page. */
    async say(text: string, more: object = {}): Promise<string> {
      const response = await control("/zendesk/say", { text, user: "grace", ...more });
      const { id, error } = (await response.json()) as Wire;
      return id ?? expect.fail(error.message);
    },
    async command(name: string, text: string, conversation: unknown, user = "grace"): Promise<void> {
      const response = await control("/zendesk/command", { name, text, user, conversation: String(conversation) });
      if (!response.ok) expect.fail(await response.text());
    },
    async shown(conversation: unknown): Promise<readonly ShownMessage[]> {
      return (await (await control(`/zendesk/messages?conversation=${conversation}`)).json()) as ShownMessage[];
    },
    async hooks(): Promise<readonly DeliveryRecord[]> {
      return (await (await control("/zendesk/deliveries")).json()) as DeliveryRecord[];
    },
    async overview(): Promise<Wire> {
      const { platforms } = (await (await control("")).json()) as Wire;
      return platforms.find((one: Wire) => one.platform === "zendesk");
    },
    [Symbol.asyncDispose]: () => stage[Symbol.asyncDispose](),
  };
}
