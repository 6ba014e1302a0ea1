import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, test } from "vitest";
import { type TwilioOptions, twilio } from "../../../src/adapters/twilio/index.ts";
import type { Adapter, Finding } from "../../../src/core/index.ts";
import { openPlatforms } from "../stage.ts";
import { accountSid, ours, startTwilio, token } from "./started.ts";

interface Listening extends AsyncDisposable {
  readonly url: string;
}

async function listen(host: string, answer: RequestListener): Promise<Listening> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  return {
    url: `http://${host}:${(server.address() as AddressInfo).port}/`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** A Twilio that has one account with one number. */
function platform(account: object, numbers: readonly object[], at = Date.now()): RequestListener {
  return ({ url, headers }, response) => {
    const [, basic = ""] = headers.authorization?.split(" ") ?? [];
    const [user, password] = Buffer.from(basic, "base64").toString().split(":");
    const isKnown = (user === accountSid && password === token) || (user === "SK1" && password === "s");
    const body = url?.includes("IncomingPhoneNumbers") ? { incoming_phone_numbers: numbers } : account;
    response.writeHead(isKnown ? 200 : 401, { "content-type": "application/json", date: new Date(at).toUTCString() });
    response.end(JSON.stringify(isKnown ? body : { code: 20003, message: "Authenticate", status: 401 }));
  };
}

const active = { friendly_name: "Moe's", status: "active", type: "Full" };
const number = {
  sms_url: "https://bot.example.com/twilio/sms#rc=3",
  sms_application_sid: "",
  capabilities: { sms: true },
};

async function findings(options: TwilioOptions, answer = platform(active, [number])): Promise<readonly Finding[]> {
  await using api = await listen("127.0.0.1", answer);
  const adapter = twilio({ accountSid, authToken: token, from: ours, apiUrl: api.url, ...options });
  return await findingsOf(adapter, "https://bot.example.com");
}

async function findingsOf(adapter: Adapter, url: string | undefined): Promise<readonly Finding[]> {
  const found: Finding[] = [];
  for await (const finding of adapter.check!({ url, now: Date.now })) found.push(finding);
  return found;
}

const complaints = (all: readonly Finding[]) =>
  all.filter(({ level }) => level !== "ok").map(({ level, subject, message }) => `${level} ${subject}: ${message}`);

test("a complete set-up is fine, with the auth token and with an API key", async () => {
  for (const options of [{}, { apiKey: "SK1", apiSecret: "s" }]) {
    const found = await findings(options);
    expect(complaints(found)).toEqual([]);
    expect(found.map(({ message }) => message)).toEqual([
      "The credentials open the account Moe's.",
      "Its messages come to https://bot.example.com/twilio/sms.",
    ]);
  }
});

test.each<[string, TwilioOptions, RegExp]>([
  [
    "no credentials",
    { accountSid: "", authToken: "", from: "" },
    /TWILIO_ACCOUNT_SID.*TWILIO_AUTH_TOKEN.*TWILIO_FROM/s,
  ],
  ["an API key as the account", { accountSid: "SK0123456789abcdef0123456789abcdef" }, /error TWILIO_ACCOUNT_SID: .*SK/],
  ["an account as the API key", { apiKey: accountSid, apiSecret: token }, /error TWILIO_API_KEY: .*begins with SK/],
  ["half an API key", { apiKey: "SK1" }, /warning TWILIO_API_KEY: .*secret/],
  ["a secret as the token", { authToken: "aSecretOfAnApiKey" }, /warning TWILIO_AUTH_TOKEN: .*signs/],
  ["a wrong token", { authToken: "f".repeat(32) }, /error TWILIO_AUTH_TOKEN: .*20003.*TWILIO_AUTH_TOKEN/],
  ["two tokens", { authToken: [token, "f".repeat(32)] }, /warning TWILIO_AUTH_TOKEN: Two tokens/],
  ["a WhatsApp sender", { from: `whatsapp:${ours}` }, /warning TWILIO_FROM: .*WhatsApp senders.*twilio\/sms/],
  ["another webhook", { url: "https://other.example.com/sms" }, /error TWILIO_FROM: .*other\.example\.com\/sms/],
  ["a name for the adapter", { name: "alerts", apiKey: "AC1", apiSecret: "s" }, /error ALERTS_API_KEY/],
])("%s is found", async (_, options, message) => {
  expect(complaints(await findings(options)).join("\n")).toMatch(message);
});

test.each<[string, RequestListener, RegExp]>([
  ["a number of somebody else", platform(active, []), /error TWILIO_FROM: This is not a number of the account/],
  ["no webhook", platform(active, [{ ...number, sms_url: "" }]), /error TWILIO_FROM: .*go nowhere.*HTTP POST/],
  ["a TwiML app", platform(active, [{ ...number, sms_application_sid: "AP1" }]), /error TWILIO_FROM: A TwiML app/],
  ["a number for calls", platform(active, [{ ...number, capabilities: { sms: false } }]), /error TWILIO_FROM: .*SMS/],
  ["a trial", platform({ ...active, type: "Trial" }, [number]), /warning TWILIO_ACCOUNT_SID: .*verified/],
  ["a suspension", platform({ ...active, status: "suspended" }, [number]), /error TWILIO_ACCOUNT_SID: .*suspended/],
  ["a wrong clock", platform(active, [number], Date.now() - 603_000), /warning clock: .* 60\d s away/],
])("at Twilio, %s is found", async (_, answer, message) => {
  expect(complaints(await findings({}, answer)).join("\n")).toMatch(message);
});

test("a URL that Twilio cannot call is found", async () => {
  const adapter = twilio({ from: ours });
  const found = async (url: string | undefined) => complaints(await findingsOf(adapter, url));
  expect(await found(undefined)).toContainEqual(expect.stringMatching(/^error HOBNOB_URL: Not set/));
  for (const url of ["http://bot.example.com", "https://localhost:3000", "https://192.168.0.9"]) {
    expect(await found(url)).toContainEqual(expect.stringMatching(/^error HOBNOB_URL: .*public https/));
  }
});

test("the sandbox passes the check", async () => {
  await using stage = await openPlatforms({ adapters: [twilio()], plugins: [] });
  expect(complaints(await findingsOf(stage.bot.adapters[0]!, stage.url))).toEqual([]);
});

describe("a file that came in", () => {
  test("is read from where Twilio redirects to, and the credentials do not go along", async () => {
    const asked: (string | undefined)[] = [];
    await using store = await listen("localhost", ({ headers }, response) => {
      asked.push(headers.authorization);
      response.end("bytes");
    });
    await using api = await listen("127.0.0.1", ({ headers }, response) => {
      asked.push(headers.authorization);
      response.writeHead(307, { location: `${store.url}file` }).end();
    });
    await using bot = await startTwilio({ apiUrl: api.url });
    const file = { name: "a.png", mimeType: "image/png", url: `${api.url}Media/ME1` };
    expect(Buffer.from(await bot.adapter.download!(file)).toString()).toBe("bytes");
    expect(asked).toEqual([`Basic ${Buffer.from(`${accountSid}:${token}`).toString("base64")}`, undefined]);
    const refused = bot.adapter.download!({ ...file, url: store.url });
    await expect(refused).rejects.toMatchObject({ permanent: true, message: "This file does not lie at Twilio." });
    expect(asked).toHaveLength(2);
  });
});
