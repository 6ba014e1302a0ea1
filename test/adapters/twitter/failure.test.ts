import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { pauseOf } from "../../../src/adapters/twitter/failure.ts";
import { twitter } from "../../../src/adapters/twitter/index.ts";
import { type DeliveryError, RateLimitError } from "../../../src/core/index.ts";
import type { StartedAdapter } from "../stage.ts";
import { startAdapter } from "../stage.ts";
import { direct, jordan, reply, secret } from "./started.ts";

const NOW = 1_800_000_000_000;
let next: { readonly status: number; readonly body: unknown; readonly headers?: Record<string, string> } | undefined;
const server = createServer((request, response) => {
  request.resume();
  // Nothing to answer with: the connection breaks.
  if (next === undefined) return void request.socket.destroy();
  response.writeHead(next.status, { "content-type": "application/json", ...next.headers });
  response.end(typeof next.body === "string" ? next.body : JSON.stringify(next.body));
});
let apiUrl: string;
let started: StartedAdapter;
let adapter: ReturnType<typeof twitter>;

const KEYS = { appKey: "key", appSecret: secret, accessToken: "2244994945-token", accessSecret: "access secret" };

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  apiUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  adapter = twitter({ ...KEYS, apiUrl, timeout: "200ms" });
  started = await startAdapter(adapter, { now: () => NOW });
});

afterAll(async () => {
  await started[Symbol.asyncDispose]();
  server.closeAllConnections();
  server.close();
});

async function failureOf(answer: typeof next): Promise<DeliveryError | RateLimitError> {
  next = answer;
  return adapter.send(direct(jordan), reply()).then(
    () => expect.unreachable("it did not fail"),
    (error) => error,
  );
}

const problem = (status: number, detail: string, type = "about:blank") => ({
  status,
  body: { title: "Forbidden", detail, type, status },
});

describe("a call that X refuses", () => {
  test.each([
    ["for good", problem(403, "You are not permitted to perform this action."), "HTTP 403"],
    ["with its own type", problem(400, "No.", "https://api.x.com/2/problems/invalid-request"), "invalid-request"],
    [
      "for missing permissions",
      problem(403, "… configured with the appropriate oauth1 app permissions …"),
      "missing permission",
    ],
    ["for closed messages", problem(403, "You cannot send messages to this user."), "direct messages closed"],
    ["for a locked account", problem(403, "Your account is temporarily locked."), "account suspended or locked"],
    ["because somebody has blocked the bot", problem(403, "You have been blocked by the author."), "HTTP 403"],
    ["for want of credits", problem(402, "Your account has no credits."), "no credits left"],
    [
      "in the words of v1.1",
      { status: 401, body: { errors: [{ code: 32, message: "Could not authenticate you." }] } },
      "error 32",
    ],
    ["with a page", { status: 404, body: "<html>", headers: { "content-type": "text/html" } }, "HTTP 404"],
  ])("%s is not sent, and will not be", async (_, answer, code) => {
    const error = await failureOf(answer);
    expect(error).toMatchObject({ maybeSent: false, permanent: true, cause: code });
    expect(error.message).toContain(`X refused createDirectMessagesByParticipantId: ${code}.`);
  });

  test("may be tried again when it was only in conflict", async () => {
    expect(await failureOf(problem(409, "Conflict"))).toMatchObject({ maybeSent: false, permanent: false });
  });

  test("never brings a text or a secret along", async () => {
    const error = await failureOf(problem(403, "The text Hi Ada is forbidden."));
    const shown = JSON.stringify([error.message, error, error.stack, error.cause]);
    for (const text of ["Hi Ada", secret, "access secret", "2244994945-token", "OAuth"])
      expect(shown).not.toContain(text);
  });
});

describe("a call of which nobody knows", () => {
  test.each([
    ["HTTP 500", { status: 500, body: "" }],
    ["HTTP 503", { status: 503, body: {} }],
    ["a success that names no id", { status: 201, body: { data: {} } }],
    ["a success that is no JSON", { status: 201, body: "{", headers: {} }],
    ["a redirect", { status: 302, body: "", headers: { location: "https://example.com/" } }],
    ["a broken connection", undefined],
  ])("may have been carried out: %s", async (_, answer) => {
    expect(await failureOf(answer)).toMatchObject({ code: "DELIVERY_FAILED", maybeSent: true, permanent: false });
  });

  test("was not sent when there is no connection", async () => {
    const away = twitter({ ...KEYS, apiUrl: "http://127.0.0.1:1/" });
    await using _ = await startAdapter(away);
    await expect(away.send(direct(jordan), reply())).rejects.toMatchObject({ maybeSent: false, permanent: false });
  });

  test("is given up when X is silent", async () => {
    const silent = createServer(() => {});
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}/`;
    const waiting = twitter({ ...KEYS, apiUrl: url, timeout: "50ms" });
    await using _ = await startAdapter(waiting);
    const sending = waiting.send(direct(jordan), reply());
    await expect(sending).rejects.toMatchObject({ maybeSent: true, message: expect.stringContaining("took too long") });
    silent.closeAllConnections();
    silent.close();
  });
});

describe("too many calls", () => {
  const seconds = (ms: number) => String((NOW + ms) / 1000);

  test("pause until the window's end", async () => {
    const headers = {
      "x-rate-limit-limit": "15",
      "x-rate-limit-remaining": "0",
      "x-rate-limit-reset": seconds(90_000),
    };
    const error = await failureOf({ status: 429, body: {}, headers });
    expect(error).toBeInstanceOf(RateLimitError);
    expect(error).toMatchObject({ retryAfter: 90_000, scope: "conversation" });
  });

  test("of posts pause the account", async () => {
    next = { status: 429, body: {} };
    const to = { adapter: "twitter", id: jordan, thread: "1", isDirect: false };
    await expect(adapter.send(to, reply())).rejects.toMatchObject({ scope: "account", retryAfter: 60_000 });
  });

  test.each<[Record<string, string>, number]>([
    [{}, 60_000],
    [{ "x-rate-limit-reset": seconds(-5000) }, 1000],
    [
      {
        "x-rate-limit-remaining": "3",
        "x-rate-limit-reset": seconds(5000),
        "x-app-limit-24hour-remaining": "0",
        "x-app-limit-24hour-reset": seconds(7_200_000),
      },
      7_200_000,
    ],
    [
      {
        "x-rate-limit-remaining": "0",
        "x-rate-limit-reset": seconds(5000),
        "x-user-limit-24hour-remaining": "9",
        "x-user-limit-24hour-reset": seconds(7_200_000),
      },
      5000,
    ],
    [{ "retry-after": "7" }, 7000],
    [{ "x-rate-limit-reset": "soon" }, 60_000],
  ])("%j is a pause of %i ms", (headers, pause) => {
    expect(pauseOf(headers, NOW)).toBe(pause);
  });
});
