import { once } from "node:events";
import { type AddressInfo, createServer, type Server } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Adapter, DeliveryError, RateLimitError } from "../../../src/core/index.ts";
import { freePort } from "../../servers/port.ts";
import { failure } from "../stage.ts";
import { createFakeSlack, type FakeAnswer, type FakeSlack, sendJson } from "./fake-slack.ts";
import { posted, reply, startSlack, to } from "./started.ts";

let api: FakeSlack;
let adapter: Adapter;

beforeEach(async () => {
  api = await createFakeSlack();
  ({ adapter } = await startSlack({ apiUrl: api.apiUrl, timeout: 300 }));
});

afterEach(async () => {
  await adapter.stop!();
  await api[Symbol.asyncDispose]();
});

const status =
  (code: number, headers: Record<string, string> = {}): FakeAnswer =>
  (response) =>
    response.writeHead(code, headers).end("<html>");

test.each<[string, FakeAnswer, object]>([
  [
    "not_in_channel",
    { ok: false, error: "not_in_channel" },
    { maybeSent: false, permanent: true, message: expect.stringContaining("/invite") },
  ],
  [
    "missing_scope",
    { ok: false, error: "missing_scope", needed: "chat:write" },
    { maybeSent: false, permanent: true, message: expect.stringContaining("chat:write") },
  ],
  ["invalid_auth", { ok: false, error: "invalid_auth" }, { maybeSent: false, permanent: true }],
  ["msg_too_long", { ok: false, error: "msg_too_long" }, { maybeSent: false, permanent: true }],
  ["an error we do not know", { ok: false, error: "moon_phase" }, { maybeSent: false, permanent: false }],
  ["an answer without an error", {}, { maybeSent: false, permanent: false }],
  ["internal_error", { ok: false, error: "internal_error" }, { maybeSent: true, permanent: false }],
  ["fatal_error", { ok: false, error: "fatal_error" }, { maybeSent: true, permanent: false }],
  ["HTTP 500", status(500), { maybeSent: true, permanent: false }],
  ["HTTP 503", status(503), { maybeSent: true, permanent: false }],
  ["HTTP 404", status(404), { maybeSent: false }],
  ["a redirect", status(302, { location: "https://x.dev" }), { maybeSent: false }],
  ["a page in place of JSON", status(200), { maybeSent: true }],
  ["a connection that breaks", (response) => response.destroy(), { maybeSent: true }],
  [
    "a connection that breaks in the answer",
    (response) => void response.writeHead(200, { "content-length": "99" }).write('{"ok"', () => response.destroy()),
    { maybeSent: true },
  ],
  ["no answer in time", () => {}, { maybeSent: true, message: expect.stringContaining("300 ms") }],
  ["an answer that does not end", (response) => void response.writeHead(200).write("{"), { maybeSent: true }],
  ["an endless answer", (response) => void response.writeHead(200).end("x".repeat(6_000_000)), { maybeSent: true }],
])("%s says whether the post may be there", async (_, answer, expected) => {
  api.on("chat.postMessage", answer);
  const error = await failure(adapter.send(to, reply({ text: "a private text" })));
  expect(error).toBeInstanceOf(DeliveryError);
  expect(error).toMatchObject({ code: "DELIVERY_FAILED", ...expected });
  expect(`${error.message} ${error.cause}`).not.toMatch(/private|xoxb-1/);
  api.on("chat.postMessage", posted);
  expect(await adapter.send(to, reply())).toMatchObject({ id: "1800000300.000400" });
});

test.each<[string, FakeAnswer, number]>([
  ["of 7 s", status(429, { "retry-after": "7" }), 7000],
  ["of 0 s", status(429, { "retry-after": "0" }), 1000],
  ["that is no number", status(429, { "retry-after": "soon" }), 1000],
  ["that is missing", status(429), 1000],
  [
    "beside ok: false",
    (response) => sendJson(response, { ok: false, error: "ratelimited" }, { "retry-after": "3" }),
    3000,
  ],
])("a rate limit with a Retry-After %s pauses", async (_, answer, retryAfter) => {
  api.on("chat.postMessage", answer);
  const error = await failure(adapter.send(to, reply()));
  expect(error).toBeInstanceOf(RateLimitError);
  expect(error.retryAfter).toBe(retryAfter);
});

test("a refused connection is certainly not sent", async () => {
  const { adapter: other } = await startSlack({ apiUrl: `http://127.0.0.1:${await freePort()}/api/` });
  expect(await failure(other.send(to, reply()))).toMatchObject({ maybeSent: false, permanent: false });
  await other.stop!();
});

test("a name that nobody knows is certainly not sent", async () => {
  const { adapter: other } = await startSlack({ apiUrl: "http://slack.invalid/api/", timeout: 300 });
  expect(await failure(other.send(to, reply()))).toMatchObject({ maybeSent: false });
  await other.stop!();
});

test("a server that hangs up before it is asked is certainly not sent to", async () => {
  const server = createServer((socket) => socket.destroy());
  const { adapter: other } = await startSlack({
    apiUrl: `http://127.0.0.1:${await listen(server)}/api/`,
    timeout: 300,
  });
  expect(await failure(other.send(to, reply()))).toBeInstanceOf(DeliveryError);
  await other.stop!();
  server.close();
});

async function listen(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}
