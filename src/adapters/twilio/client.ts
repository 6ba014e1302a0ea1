import { DeliveryError, HobnobError } from "../../core/index.ts";
import { addressesOf } from "../shared/address.ts";
import { type Answer, type Client, createClient, type Refusal } from "../shared/client.ts";
import { readRetryAfter } from "../shared/failure.ts";
import { type Fields, isFields } from "../shared/fields.ts";
import { meaningOf, QUEUE_FULL, TOO_MANY_REQUESTS } from "./failure.ts";
import type { Credentials } from "./options.ts";

/** The calls of Twilio's API that Hobnob makes. https://www.twilio.com/docs/messaging/api/message-resource */
export interface Api {
  /** Sends a message. @returns its sid */
  create(form: URLSearchParams): Promise<string>;
  /** Messages, newest first. `onLimit`: there are more than are read. */
  messages(filter: { readonly To: string; readonly From?: string }, onLimit: () => void): AsyncGenerator<Fields>;
  /** The bytes of a file that came in. */
  download(url: string, maxBytes: number | undefined): Promise<Uint8Array>;
  account(): Promise<Answer>;
  /** The account's numbers that are this one: none, or one. */
  numbers(phoneNumber: string): Promise<readonly Fields[]>;
  close(): void;
}

const isTwilioAddress = addressesOf("api.twilio.com");
const PAGE = 50;
const MOST_PAGES = 10;
const REDIRECTS = 3;
const QUEUE_FULL_PAUSE = 30_000;
// The largest that a person can send, by WhatsApp.
const MOST_BYTES = 16_000_000;

/** @throws HobnobError `CONFIG_MISSING_CREDENTIAL` without account and token */
export function createApi(
  { accountSid, authTokens: [authToken], apiKey, apiSecret, apiUrl }: Credentials,
  timeout: number,
  maySend?: () => boolean,
): Api {
  if (accountSid === undefined || authToken === undefined) {
    throw new HobnobError("CONFIG_MISSING_CREDENTIAL", "Twilio's API needs an account SID and an auth token.");
  }
  const user = apiKey && apiSecret ? `${apiKey}:${apiSecret}` : `${accountSid}:${authToken}`;
  const authorization = `Basic ${Buffer.from(user).toString("base64")}`;
  const root = `2010-04-01/Accounts/${encodeURIComponent(accountSid)}`;
  const client: Client = createClient({
    platform: "Twilio",
    baseUrl: apiUrl,
    timeout,
    refused,
    rateLimited,
    limitScope: "account",
    maySend,
  });
  const get = (name: string, url: string, query?: Readonly<Record<string, string | number>>) =>
    client.call({ name, method: "GET", url, query, authorization });

  return {
    async create(form) {
      const { json } = await client.call({
        name: "messages.create",
        url: `${root}/Messages.json`,
        form,
        authorization,
      });
      if (isFields(json) && typeof json.sid === "string") return json.sid;
      throw new DeliveryError("Twilio's answer to messages.create names no message; it may have been sent.", {
        maybeSent: true,
      });
    },
    async *messages(filter, onLimit) {
      let page = await get("messages.list", `${root}/Messages.json`, { ...filter, PageSize: PAGE });
      for (let pages = 1; ; pages++) {
        const { messages, next } = readPage(page.json);
        yield* messages;
        if (next === undefined) return;
        if (pages === MOST_PAGES) return onLimit();
        page = await get("messages.list", next);
      }
    },
    async download(url, maxBytes = MOST_BYTES) {
      if (!isTwilioAddress(url, apiUrl)) {
        throw new DeliveryError("This file does not lie at Twilio.", { maybeSent: false, permanent: true });
      }
      const { bytes } = await client.call({
        name: "media.fetch",
        method: "GET",
        url,
        maxBytes,
        redirects: REDIRECTS,
        // It does not go along to where Twilio redirects.
        authorization,
      });
      return bytes;
    },
    account: () => get("accounts.fetch", `${root}.json`),
    async numbers(phoneNumber) {
      const { json } = await get("numbers.list", `${root}/IncomingPhoneNumbers.json`, { PhoneNumber: phoneNumber });
      const numbers: unknown = isFields(json) ? json.incoming_phone_numbers : undefined;
      return Array.isArray(numbers) ? numbers.filter(isFields) : [];
    },
    close: () => client.close(),
  };
}

function readPage(json: unknown): { readonly messages: readonly Fields[]; readonly next: string | undefined } {
  const { messages, next_page_uri: next } = isFields(json) ? json : {};
  return {
    messages: Array.isArray(messages) ? messages.filter(isFields) : [],
    // Without its slash it is relative to the API's URL, wherever that is.
    next: typeof next === "string" && next.startsWith("/") ? next.slice(1) : undefined,
  };
}

function codeOf({ json }: Answer): number | undefined {
  return isFields(json) && typeof json.code === "number" ? json.code : undefined;
}

function rateLimited(answer: Answer): number | undefined {
  const code = codeOf(answer);
  if (code === QUEUE_FULL) return QUEUE_FULL_PAUSE;
  if (answer.status !== 429 && code !== TOO_MANY_REQUESTS) return undefined;
  return readRetryAfter(answer.headers["retry-after"]);
}

// Twilio's own sentence is not passed on: it holds the phone number.
function refused(answer: Answer): Refusal | undefined {
  const code = codeOf(answer);
  if (code === undefined) return undefined;
  const { remedy, permanent = true } = meaningOf(code) ?? {};
  return { code: String(code), permanent, ...(remedy !== undefined && { remedy }) };
}
