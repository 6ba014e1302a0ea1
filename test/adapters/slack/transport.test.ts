import { once } from "node:events";
import { createServer as createHttp, type IncomingMessage, type RequestListener, type Server } from "node:http";
import { createServer as createHttps } from "node:https";
import { type AddressInfo, createServer as createTcp, type Server as TcpServer } from "node:net";
import { getCACertificates, setDefaultCACertificates, type TLSSocket } from "node:tls";
import { afterEach, expect, test } from "vitest";
import { type Call, createTransport, type TransportOptions } from "../../../src/adapters/slack/transport.ts";
import { CERTIFICATE, KEY } from "../../servers/certificate.ts";

let stack = new AsyncDisposableStack();
afterEach(async () => {
  await stack.disposeAsync();
  stack = new AsyncDisposableStack();
});

async function listen<T extends Server | TcpServer>(server: T): Promise<{ server: T; port: number }> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  stack.defer(async () => {
    if ("closeAllConnections" in server) server.closeAllConnections();
    server.close();
  });
  return { server, port: (server.address() as AddressInfo).port };
}

/** A server over HTTP, and a way to call it. */
async function serve(answer: RequestListener, options: Partial<TransportOptions> = {}) {
  const { server, port } = await listen(createHttp({ keepAliveTimeout: 60_000 }, answer));
  let connections = 0;
  server.on("connection", () => (connections += 1));
  const { post, transport } = caller(`http://127.0.0.1:${port}`, options);
  return { server, transport, post, connections: () => connections };
}

function caller(origin: string, options: Partial<TransportOptions> = {}) {
  const transport = createTransport({ timeout: 5_000, ...options });
  stack.defer(() => transport.close());
  const post = (call: Partial<Call> = {}) =>
    transport.post({ url: `${origin}/api/x`, what: "x", headers: {}, body: "", ...call });
  return { post, transport };
}

const reason = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.fail("it was answered"),
    (error: unknown) => error,
  );

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}

test("a call is a POST with its headers and its length, and its answer comes back whole", async () => {
  const seen: unknown[] = [];
  const { post, server } = await serve(async (request, response) => {
    const { method, url, headers } = request;
    seen.push({ method, url, headers, body: await bodyOf(request) });
    response.writeHead(201, "Made", { "X-Said": "yes" }).end("done");
  });
  const answer = await post({ headers: { "content-type": "text/plain", authorization: "Bearer t" }, body: "a=1" });
  expect(answer).toMatchObject({ status: 201, statusText: "Made", headers: { "x-said": "yes" } });
  expect(answer.body.toString()).toBe("done");
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const headers = { host, "content-type": "text/plain", authorization: "Bearer t", "content-length": "3" };
  expect(seen).toEqual([{ method: "POST", url: "/api/x", headers, body: "a=1" }]);
});

test.each([
  ["a text beyond ASCII", JSON.stringify({ text: "Grüße 👋" })],
  ["a text of Latin letters", "é".repeat(100)],
  ["bytes", new TextEncoder().encode("Grüße 👋")],
  ["megabytes", new Uint8Array(3_000_000).fill(0x61)],
  ["nothing", ""],
])("%s arrives as it was", async (_, body) => {
  const { post } = await serve(async (request, response) => {
    const text = await bodyOf(request);
    response.end(`${request.headers["content-length"]}:${text.length < 1000 ? text : text.length}`);
  });
  const { body: said } = await post({ body });
  const bytes = Buffer.from(body as string);
  const text = bytes.toString();
  expect(said.toString()).toBe(`${bytes.length}:${text.length < 1000 ? text : text.length}`);
});

test("calls one after another share a connection, also after an answer in chunks", async () => {
  const { post, connections } = await serve((_, response) => {
    response.write("in ");
    response.end("chunks");
  });
  for (let n = 0; n < 5; n++) expect((await post()).body.toString()).toBe("in chunks");
  expect(connections()).toBe(1);
});

test("200 calls at once take 64 connections, and all are answered", async () => {
  const held: (() => void)[] = [];
  let most = 0;
  const { post, connections } = await serve(async (request, response) => {
    const body = await bodyOf(request);
    held.push(() => response.end(body));
    most = Math.max(most, held.length);
    // The first 64 come together; then each is answered at once.
    if (most === 64) for (const answer of held.splice(0)) answer();
  });
  const answers = await Promise.all(Array.from({ length: 200 }, (_, n) => post({ body: `${n}` })));
  expect(answers.map(({ body }) => body.toString())).toEqual(Array.from({ length: 200 }, (_, n) => `${n}`));
  expect(connections()).toBe(64);
  expect(most).toBe(64);
});

test("a connection that the server has closed meanwhile is not used again", async () => {
  const { post, server, connections } = await serve((_, response) => response.end("ok"));
  await post();
  server.closeIdleConnections();
  await expect.poll(async () => (await post()).status).toBe(200);
  expect(connections()).toBe(2);
});

test("a connection that the server keeps for a second only is not trusted that long", async () => {
  const { post, connections } = await serve((_, response) =>
    response.writeHead(200, { "keep-alive": "timeout=1" }).end("ok"),
  );
  await post();
  await post();
  expect(connections()).toBe(2);
});

test("an answer that comes before all was sent is heard, and its connection given up", async () => {
  const { post, connections } = await serve((request, response) => {
    if (request.headers["content-length"] === "0") response.end("ok");
    else response.writeHead(413).end("too large");
  });
  expect(await post({ body: new Uint8Array(20_000_000) })).toMatchObject({ status: 413 });
  expect(await post()).toMatchObject({ status: 200 });
  expect(connections()).toBe(2);
});

test.each([
  ["a header that would begin another one", { headers: { authorization: "Bearer t\r\nx-evil: 1" } }],
  ["a header beyond ASCII", { headers: { authorization: "Bearer é" } }],
])("%s is never sent", async (_, call) => {
  let arrived = 0;
  const { post } = await serve((_, response) => {
    arrived += 1;
    response.end();
  });
  expect(await reason(post(call))).toMatchObject({ code: "DELIVERY_FAILED", maybeSent: false });
  expect(arrived).toBe(0);
});

test.each(["/a b", "/a\r\nx: y", "/é"])("the address %j is never called", async (path) => {
  const { transport } = caller("http://127.0.0.1:1");
  const call = transport.post({ url: `http://127.0.0.1:1${path}`, what: "x", headers: {}, body: "" });
  expect(await reason(call)).toMatchObject({ code: "DELIVERY_FAILED", maybeSent: false });
});

test("a server that is gone fails every call that waits for it, as certainly not sent", async () => {
  const { server, port } = await listen(createTcp());
  server.close();
  await once(server, "close");
  const { post } = caller(`http://127.0.0.1:${port}`);
  const errors = await Promise.all(Array.from({ length: 100 }, () => reason(post())));
  for (const error of errors)
    expect(error).toMatchObject({ maybeSent: false, message: expect.stringMatching(/ECONNREFUSED/) });
});

test.each([
  ["speaks something else", "220 mail ready\r\n\r\n", /cannot be read: it is not HTTP/],
  ["hangs up", "", /lost its connection \(ECONNRESET\)/],
  ["hangs up in the middle", "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf", /lost its connection/],
])("a server that %s may have done what it was asked", async (_, said, message) => {
  const { port } = await listen(
    createTcp((socket) => void socket.once("data", () => socket.end(said)).on("error", () => {})),
  );
  const { post } = caller(`http://127.0.0.1:${port}`);
  const error = await reason(post());
  expect(error).toMatchObject({ code: "DELIVERY_FAILED", maybeSent: true, message: expect.stringMatching(message) });
});

test("what a server says unasked is nobody's answer", async () => {
  const { port } = await listen(
    createTcp((socket) => {
      socket.on("error", () => {});
      socket.once("data", () => socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n"));
    }),
  );
  const { post } = caller(`http://127.0.0.1:${port}`);
  for (let n = 0; n < 3; n++) expect((await post()).body.toString()).toBe("ok");
});

test("a call without an answer ends after its time, also when it had to wait for a connection", async () => {
  const { post } = await serve(() => {}, { timeout: 150 });
  const errors = await Promise.all(Array.from({ length: 70 }, () => reason(post())));
  for (const error of errors)
    expect(error).toMatchObject({ message: expect.stringMatching(/no answer within 150 ms/) });
  for (const error of errors.slice(0, 64)) expect(error).toMatchObject({ maybeSent: true });
});

test("a call is called off before it is made, while it waits, and after it was sent", async () => {
  let arrived = 0;
  const { post } = await serve(() => (arrived += 1));
  const sent = new AbortController();
  const under = Array.from({ length: 64 }, () => reason(post({ signal: sent.signal })));
  await expect.poll(() => arrived).toBe(64);
  const later = new AbortController();
  const waiting = reason(post({ signal: later.signal }));
  later.abort();
  expect(await waiting).toMatchObject({ maybeSent: false, message: expect.stringMatching(/called off/) });
  expect(await reason(post({ signal: AbortSignal.abort() }))).toMatchObject({ maybeSent: false });
  sent.abort();
  for (const error of await Promise.all(under))
    expect(error).toMatchObject({ maybeSent: true, message: expect.stringMatching(/called off/) });
  expect(arrived).toBe(64);
});

test("closing lets what is under way and what waits come to its end", async () => {
  const { post, transport } = await serve((_, response) => setTimeout(() => response.end("ok"), 50));
  const calls = Array.from({ length: 70 }, () => post());
  await transport.close();
  for (const { status } of await Promise.all(calls)) expect(status).toBe(200);
});

test("closing does not wait for a connection that nobody waits for", async () => {
  // Accepts, and never says a word of TLS.
  const { port } = await listen(createTcp());
  const { post, transport } = caller(`https://127.0.0.1:${port}`, { timeout: 60_000 });
  const signal = new AbortController();
  const call = reason(post({ signal: signal.signal }));
  signal.abort();
  expect(await call).toMatchObject({ maybeSent: false });
  await transport.close();
});

test("over TLS the server must be who it says, and a further connection resumes the session", async () => {
  const before = getCACertificates("default");
  const reused: boolean[] = [];
  const { port } = await listen(
    createHttps({ key: KEY, cert: CERTIFICATE }, async (request, response) => {
      reused.push((request.socket as TLSSocket).isSessionReused());
      response.writeHead(200, { connection: "close" }).end(await bodyOf(request));
    }),
  );
  const stranger = caller(`https://localhost:${port}`);
  expect(await reason(stranger.post({ body: "secret" }))).toMatchObject({
    maybeSent: false,
    message: expect.stringMatching(/SELF_SIGNED/),
  });
  setDefaultCACertificates([...before, CERTIFICATE]);
  try {
    const { post } = caller(`https://localhost:${port}`);
    for (let n = 0; n < 3; n++) expect((await post({ body: `Grüße ${n}` })).body.toString()).toBe(`Grüße ${n}`);
    const elsewhere = caller(`https://127.0.0.1:${port}`);
    expect(await reason(elsewhere.post())).toMatchObject({
      maybeSent: false,
      message: expect.stringMatching(/ALTNAME/),
    });
  } finally {
    setDefaultCACertificates(before);
  }
  expect(reused[0]).toBe(false);
  expect(reused.slice(1)).toContain(true);
});
