import { createHmac } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createSandbox, type Sandbox, type ShownMessage } from "../../src/sandbox/index.ts";
import { segmentsOf } from "../../src/sandbox/twilio/wire.ts";

interface Hook {
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly form: URLSearchParams;
}

type Answer = { readonly status?: number; readonly type?: string; readonly body: string };

const xml = (body: string): Answer => ({ type: "text/xml", body });
const hooks: Hook[] = [];
let answer: Answer;
let server: ReturnType<typeof createServer>;
let url: string;
let sandbox: Sandbox;
let credentials: Readonly<Record<string, string>>;

// A bot that keeps what it is told, and the sandbox itself, behind one port.
beforeEach(async () => {
  hooks.length = 0;
  answer = xml("<Response/>");
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const path = request.url!;
    if (!path.startsWith("/sandbox")) {
      if (path === "/cat.png") return void response.writeHead(200, { "content-type": "image/png" }).end("cat");
      if (path === "/gone.png") return void response.writeHead(404).end();
      hooks.push({ path, headers: request.headers, form: new URLSearchParams(Buffer.concat(chunks).toString()) });
      const { status = 200, type, body } = answer;
      return void response.writeHead(status, type === undefined ? {} : { "content-type": type }).end(body);
    }
    const body = Buffer.concat(chunks);
    const { method = "GET", headers } = request;
    const copy = new Request(url + path, {
      method,
      headers: headers as Record<string, string>,
      ...(method !== "GET" && { body }),
      redirect: "manual",
    });
    const answered = await sandbox.fetch(copy, { outgoing: response });
    if (response.destroyed) return;
    response.writeHead(answered.status, Object.fromEntries(answered.headers));
    response.end(Buffer.from(await answered.arrayBuffer()));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  sandbox = createSandbox({ url: () => url, retryDelays: [5], botName: "moe" });
  credentials = sandbox.connect({ platform: "twilio", name: "twilio", webhook: `${url}/sms#rc=3` })!;
});

afterEach(async () => {
  await sandbox.close();
  server.closeAllConnections();
  server.close();
});

async function control<T = unknown>(path: string, body?: object): Promise<T> {
  const response = await fetch(`${url}/sandbox/twilio/${path}`, {
    ...(body && { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
  });
  expect(response.status).toBe(200);
  return (await response.json()) as T;
}

const basic = () => `Basic ${Buffer.from(`${credentials.accountSid}:${credentials.authToken}`).toString("base64")}`;

async function call(path: string, form?: Record<string, string> | URLSearchParams, authorization = basic()) {
  const response = await fetch(`${credentials.apiUrl}2010-04-01/Accounts/${credentials.accountSid}${path}`, {
    redirect: "manual",
    headers: { authorization },
    ...(form && { method: "POST", body: new URLSearchParams(form) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, json: text.startsWith("{") ? JSON.parse(text) : text };
}

async function until<T>(read: () => T | undefined | Promise<T | undefined>): Promise<T> {
  for (let round = 0; round < 1000; round++) {
    const value = await read();
    if (value !== undefined) return value;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error("It did not happen.");
}

const hook = (at: number) => until(() => hooks[at]);
const shown = (conversation = "ada") => control<readonly ShownMessage[]>(`messages?conversation=${conversation}`);

/** Ada's number, once she has said hello. */
async function ada(): Promise<string> {
  await control("say", { text: "hi" });
  return (await hook(0)).form.get("From")!;
}

const order = async (more: Record<string, string> = {}) =>
  call("/Messages.json", { From: credentials.from!, To: await ada(), Body: "hello", ...more });

describe("what people say", () => {
  test("comes as a signed form, the same for every try", async () => {
    answer = { status: 503, body: "" };
    const { id } = await control<{ id: string }>("say", { text: "Olá & more" });
    const { headers, form } = await hook(1);
    expect(Object.fromEntries(form)).toMatchObject({
      MessageSid: id,
      SmsSid: id,
      AccountSid: credentials.accountSid,
      Body: "Olá & more",
      To: credentials.from,
      NumMedia: "0",
      FromZip: "",
    });
    const fields = [...form].map(([name, value]) => name + value).sort();
    const signature = createHmac("sha1", credentials.authToken!).update(`${url}/sms${fields.join("")}`);
    expect(headers["x-twilio-signature"]).toBe(signature.digest("base64"));
    expect(headers["i-twilio-idempotency-token"]).toBe(hooks[0]!.headers["i-twilio-idempotency-token"]);
    expect(form.toString()).toBe(hooks[0]!.form.toString());
  });

  test("comes from the number of whose phone it is, with the name on WhatsApp", async () => {
    await control("say", { text: "a", user: "grace" });
    await control("say", { text: "b", conversation: "whatsapp/grace" });
    const [sms, whatsapp] = [await hook(0), await hook(1)].sort((a, b) =>
      a.form.get("Body")! > b.form.get("Body")! ? 1 : -1,
    );
    expect(whatsapp!.form.get("From")).toBe(`whatsapp:${sms!.form.get("From")}`);
    expect(whatsapp!.form.get("ProfileName")).toBe("grace");
    expect(sms!.form.has("ProfileName")).toBe(false);
    expect(await shown("grace")).toMatchObject([{ text: "a", author: "grace", self: false }]);
  });

  test("files are read with the account's password, and come from another address", async () => {
    const file = { name: "a.txt", mimeType: "text/plain", data: Buffer.from("bytes").toString("base64") };
    await control("say", { files: [file] });
    const { form } = await hook(0);
    expect(form.get("MessageSid")).toMatch(/^MM/);
    expect((await fetch(form.get("MediaUrl0")!)).status).toBe(401);
    const redirect = await fetch(form.get("MediaUrl0")!, { headers: { authorization: basic() }, redirect: "manual" });
    expect(redirect.status).toBe(307);
    expect(await (await fetch(redirect.headers.get("location")!)).text()).toBe("bytes");
    expect((await fetch(`${redirect.headers.get("location")}x`)).status).toBe(404);
    const list = await call(`/Messages/${form.get("MessageSid")}/Media.json`);
    expect(list.json.media_list).toMatchObject([{ content_type: "text/plain" }]);
  });
});

describe("what a bot answers at once", () => {
  test.each<[string, Answer, string[]]>([
    ["nothing", xml("<Response/>"), []],
    ["nothing, with a comment", xml('<?xml version="1.0"?><Response><!-- <Message>x</Message> --></Response>'), []],
    ["a text", xml("<Response><Message><Body>a &amp; &#60;b&#x3e;</Body></Message></Response>"), ["a & <b>"]],
    ["two", xml('<Response><Message to="+1">a</Message><Message>b</Message></Response>'), ["a", "b"]],
    ["plain text", { type: "text/plain", body: "OK" }, ["OK"]],
    ["JSON", { type: "application/json", body: '{"text":"no"}' }, []],
    ["broken XML", xml("<Response><Message>a</Response>"), []],
    ["a control character", xml("<Response><Message>\u0007</Message></Response>"), []],
  ])("%s", async (_, given, expected) => {
    answer = given;
    await ada();
    await until(async () => ((await shown()).length > expected.length ? true : undefined));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect((await shown()).filter(({ self }) => self).map(({ text }) => text)).toEqual(expected);
  });
});

describe("the Messages API", () => {
  test("takes a message, shows it, and tells what became of it", async () => {
    const { status, json } = await order({ StatusCallback: `${url}/status` });
    expect(status).toBe(201);
    expect(json).toMatchObject({
      sid: expect.stringMatching(/^SM[0-9a-f]{32}$/),
      status: "queued",
      direction: "outbound-api",
      num_media: "0",
      num_segments: "1",
      date_sent: null,
      error_code: null,
    });
    expect((await shown()).at(-1)).toMatchObject({ id: json.sid, author: "moe", self: true, text: "hello" });
    await hook(2);
    const told = hooks.slice(1).map(({ path, form }) => [path, form.get("MessageSid"), form.get("MessageStatus")]);
    expect(told).toEqual([
      ["/status", json.sid, "sent"],
      ["/status", json.sid, "delivered"],
    ]);
    expect((await call(`/Messages/${json.sid}.json`)).json.status).toBe("delivered");
  });

  test.each<[number, Record<string, string>]>([
    [21604, { To: "" }],
    [21211, { To: "12345" }],
    [21603, { From: "" }],
    [21606, { From: "+16505550000" }],
    [21910, { To: "whatsapp:+14155550000" }],
    [63007, { From: "whatsapp:+16505550000", To: "whatsapp:+14155550000" }],
    [21619, { Body: "" }],
    [21617, { Body: "x".repeat(1601) }],
    [21620, { MediaUrl: "cat.png" }],
    [21609, { StatusCallback: "nowhere" }],
  ])("refuses with %i", async (code, change) => {
    const { status, json } = await order(change);
    expect(status).toBe(400);
    expect(json).toMatchObject({ code, status: 400, more_info: `https://www.twilio.com/docs/errors/${code}` });
  });

  test("knows its accounts, and nothing else", async () => {
    expect(await call("/Messages.json", undefined, "Basic eDp5")).toMatchObject({ status: 401, json: { code: 20003 } });
    expect(await call("/Nothing.json")).toMatchObject({ status: 404, json: { code: 20404 } });
    expect(await call("/Messages/SM1.json")).toMatchObject({ status: 404, json: { code: 20404 } });
    expect((await call(".json")).json).toMatchObject({ status: "active", sid: credentials.accountSid });
    const numbers = await call(`/IncomingPhoneNumbers.json?PhoneNumber=${encodeURIComponent(credentials.from!)}`);
    expect(numbers.json.incoming_phone_numbers).toMatchObject([{ sms_url: `${url}/sms#rc=3` }]);
    expect((await call("/IncomingPhoneNumbers.json?PhoneNumber=1")).json.incoming_phone_numbers).toEqual([]);
  });

  test("lists messages newest first, filtered and page by page", async () => {
    for (const Body of ["1", "2", "3"]) await order({ Body });
    const filter = `?To=${encodeURIComponent(await ada())}&From=${encodeURIComponent(credentials.from!)}`;
    const first = await call(`/Messages.json${filter}&PageSize=2`);
    expect(first.json.messages.map(({ body }: { body: string }) => body)).toEqual(["3", "2"]);
    expect(first.json.next_page_uri).toContain("Page=1");
    const second = await call(first.json.next_page_uri.replace(/^.*(?=\/Messages\.json)/, ""));
    expect(second.json.messages.map(({ body }: { body: string }) => body)).toEqual(["1"]);
    expect(second.json.next_page_uri).toBeNull();
    const today = new Date().toISOString().slice(0, 10);
    expect((await call(`/Messages.json${filter}&DateSent%3E=${today}`)).json.messages).toHaveLength(3);
    expect((await call(`/Messages.json${filter}&DateSent%3C=2020-01-01`)).json.messages).toEqual([]);
  });

  test("fetches files without a password; one that is not there fails", async () => {
    const { json } = await order({ MediaUrl: `${url}/cat.png` });
    expect(json).toMatchObject({ num_media: "1", sid: expect.stringMatching(/^MM/) });
    const [file] = (await shown()).at(-1)!.attachments;
    expect(file).toMatchObject({ name: "cat.png", mimeType: "image/png" });
    expect(await (await fetch(file!.url)).text()).toBe("cat");
    const gone = await order({ MediaUrl: `${url}/gone.png` });
    const failed = await until(async () => {
      const { json } = await call(`/Messages/${gone.json.sid}.json`);
      return json.status === "failed" ? json : undefined;
    });
    expect(failed.error_code).toBe(11200);
  });

  test("WhatsApp takes free text only from somebody who has written within a day", async () => {
    const to = { From: `whatsapp:${credentials.from}`, To: "whatsapp:+14155550199" };
    const cold = await order({ ...to, StatusCallback: `${url}/status` });
    expect(cold.status).toBe(201);
    const { form } = await hook(1);
    expect([form.get("MessageStatus"), form.get("ErrorCode")]).toEqual(["failed", "63016"]);
    await order({ ...to, ContentSid: "HX1", StatusCallback: `${url}/status` });
    expect((await until(() => hooks.find(({ form }) => form.get("MessageStatus") === "delivered"))).path).toBe(
      "/status",
    );
  });

  test("fails as it is told to", async () => {
    await control("faults", { on: "messages.create", kind: "429" });
    expect(await order()).toMatchObject({ status: 429, json: { code: 20429 } });
    await control("faults", { on: "messages.create", kind: "500" });
    expect((await order()).status).toBe(500);
    await control("faults", { on: "messages.create", kind: "lost-answer" });
    await expect(order({ Body: "lost" })).rejects.toThrow();
    expect((await shown()).at(-1)!.text).toBe("lost");
  });
});

test("STOP ends all messages by SMS until START, and Twilio says so itself", async () => {
  const To = await ada();
  answer = xml("<Response><Message>still here</Message></Response>");
  for (const text of ["STOP", "anyone?"]) await control("say", { text });
  await hook(2);
  expect(await order({ To })).toMatchObject({ status: 400, json: { code: 21610 } });
  answer = xml("<Response/>");
  await control("say", { text: "START" });
  expect((await order({ To })).status).toBe(201);
  const said = (await shown()).filter(({ author }) => author !== "ada");
  expect(said.map(({ author, self }) => [author, self])).toEqual([
    ["Twilio", false],
    ["Twilio", false],
    ["moe", true],
  ]);
});

test("the same people have the same numbers after a reset, and nothing was said", async () => {
  const before = await ada();
  await fetch(`${url}/sandbox/reset`, { method: "POST", headers: { "content-type": "application/json" }, body: "{}" });
  expect(await shown()).toEqual([]);
  hooks.length = 0;
  expect(await ada()).toBe(before);
});

test("a conversation that cannot be says how it is written", async () => {
  const response = await fetch(`${url}/sandbox/twilio/messages?conversation=ada@nobody`);
  expect(await response.json()).toMatchObject({ error: { code: "SANDBOX_INPUT", message: /whatsapp\/ada/ } });
});

test.each<[string, number]>([
  ["a".repeat(160), 1],
  ["a".repeat(161), 2],
  ["€".repeat(80), 1],
  ["€".repeat(81), 2],
  ["é".repeat(160), 1],
  ["ê".repeat(70), 1],
  ["ê".repeat(71), 2],
  ["🍕".repeat(35), 1],
  ["🍕".repeat(36), 2],
])("a text takes as many segments as a carrier would count: %#", (text, segments) => {
  expect(segmentsOf(text)).toBe(segments);
});
