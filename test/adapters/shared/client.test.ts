import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { addressesOf } from "../../../src/adapters/shared/address.ts";
import { createClient } from "../../../src/adapters/shared/client.ts";
import { isRefused, notSent, readRetryAfter, unless } from "../../../src/adapters/shared/failure.ts";
import { isLocal } from "../../../src/adapters/shared/reach.ts";
import { DeliveryError } from "../../../src/core/index.ts";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

const open = (baseUrl: string) => createClient({ platform: "Acme", baseUrl, timeout: 5000 });
const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

test("a redirect within the API takes the authorization along; one to another port, host or scheme does not", async () => {
  const got: string[] = [];
  const note = ({ headers }: IncomingMessage, where: string) => got.push(`${where} ${headers.authorization ?? "none"}`);
  const stranger = await serve((request, response) => {
    note(request, request.headers.host!.startsWith("localhost") ? "another host" : "another port");
    response.end();
  });
  const api = await serve((request, response) => {
    note(request, request.url!);
    const to = { "/near": "/here", "/port": stranger, "/host": stranger.replace("127.0.0.1", "localhost") }[
      request.url!
    ];
    response.writeHead(to === undefined ? 200 : 302, to === undefined ? {} : { location: to }).end();
  });
  const client = open(api);
  for (const url of ["near", "port", "host"]) {
    await client.call({ name: url, method: "GET", url, authorization: "Bearer a", redirects: 2 });
  }
  client.close();
  expect(got).toEqual([
    "/near Bearer a",
    "/here Bearer a",
    "/port Bearer a",
    "another port none",
    "/host Bearer a",
    "another host none",
  ]);
});

test("a redirect from the internet into our own network, or away from https, is refused before anything is called", async () => {
  const places = [
    "http://example.com/",
    "http://127.0.0.1:1/",
    "https://localhost:1/",
    "https://169.254.169.254/",
    "ftp://example.com/",
  ];
  let calls = 0;
  const api = await serve(({ url }, response) => {
    calls += 1;
    response.writeHead(302, { location: places[Number(url!.slice(1))] }).end();
  });
  const client = open("https://api.example.com/");
  for (const at of places.keys()) {
    const error = await failure(client.call({ name: "file", method: "GET", url: `${api}${at}`, redirects: 3 }));
    expect(error, places[at]).toMatchObject({ maybeSent: false, permanent: true });
    expect((error as Error).message).not.toContain(new URL(places[at]!).hostname);
  }
  client.close();
  expect(calls).toBe(places.length);
});

test("addresses of our own machine and network are told from the internet's", () => {
  const own = [
    ...[
      "localhost",
      "a.localhost",
      "localhost.",
      "printer.local",
      "metadata.google.internal",
      "0.0.0.0",
      "127.1",
      "2130706433",
    ],
    ...["10.0.0.1", "100.64.0.1", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.168.1.1"],
    ...["[::]", "[::1]", "[::ffff:127.0.0.1]", "[fc00::1]", "[fd12::1]", "[fe80::1]"],
  ];
  for (const host of own) expect(isLocal(`https://${host}/`), host).toBe(true);
  const others = [
    "example.com",
    "10.example.com",
    "internal.example.com",
    "11.0.0.1",
    "100.128.0.1",
    "172.32.0.1",
    "[2606:4700::1]",
  ];
  for (const host of others) expect(isLocal(`https://${host}/`), host).toBe(false);
  expect(isLocal("no address")).toBe(true);
});

test("nobody is led on by a redirect unless that was asked for", async () => {
  let calls = 0;
  const api = await serve((_, response) => {
    calls += 1;
    response.writeHead(302, { location: "/again" }).end();
  });
  const client = open(api);
  expect(await client.call({ name: "x", url: "x", form: new URLSearchParams({ a: "b" }) })).toMatchObject({
    status: 302,
  });
  client.close();
  expect(calls).toBe(1);
});

test("an answer that is too large is broken off, however it tells its length, and is not asked for again", async () => {
  const api = await serve(({ url }, response) => {
    if (url === "/told") response.setHeader("content-length", 5000);
    response.write(Buffer.alloc(2500));
    response.end(Buffer.alloc(2500));
  });
  const client = open(api);
  for (const url of ["told", "untold"]) {
    const error = await failure(client.call({ name: url, method: "GET", url, maxBytes: 4999 }));
    expect(error).toMatchObject({ permanent: true, maybeSent: false, message: expect.stringContaining("4999 bytes") });
    expect((await client.call({ name: url, method: "GET", url, maxBytes: 5000 })).bytes).toHaveLength(5000);
  }
  client.close();
});

test("a failed call tells neither its address nor its token", async () => {
  const api = await serve((_, response) => void response.destroy());
  const client = open(api);
  const error = await failure(client.call({ name: "x", url: "secret-path", authorization: "Bearer secret-token" }));
  expect(error).toMatchObject({ maybeSent: true });
  expect(JSON.stringify([error, String(error), (error as Error).cause, (error as Error).stack])).not.toContain(
    "secret-",
  );
  client.close();
});

test("addresses of the platform are told from others that look like them", () => {
  const isAcme = addressesOf("acme.com", "acme.io");
  const api = "http://127.0.0.1:3000/api/";
  for (const address of ["https://acme.com/a", "https://files.acme.io/", "http://127.0.0.1:3000/files/1"]) {
    expect(isAcme(address, api), address).toBe(true);
  }
  const others = ["http://acme.com/", "https://acme.com:8443/", "https://acme.com@evil.dev/", "https://evilacme.com/"];
  const more = [
    "https://acme.com.evil.dev/",
    "https://me:pass@acme.com/",
    "http://127.0.0.1:3001/",
    "http://localhost:3000/",
  ];
  for (const address of [
    ...others,
    ...more,
    "file:///etc/passwd",
    "//acme.com",
    "",
    "acme.com",
    "https://169.254.169.254/",
  ]) {
    expect(isAcme(address, api), address).toBe(false);
  }
});

test("a refusal may mean that there is nothing to do, but only when it is certain", async () => {
  const refused = (cause: string, maybeSent = false) => new DeliveryError("no", { maybeSent, cause });
  const fail = (error: unknown) => async () => {
    throw error;
  };
  expect(await unless(["gone", "missing"], fail(refused("missing")))).toBeUndefined();
  expect(await unless("gone", async () => 1)).toBe(1);
  expect(await failure(unless("gone", fail(refused("other"))))).toMatchObject({ cause: "other" });
  expect(await failure(unless("gone", fail(refused("gone", true))))).toMatchObject({ maybeSent: true });
  expect(isRefused(new Error("no", { cause: "gone" }), "gone")).toBe(false);
});

test("what failed before the post has not sent it", () => {
  const error = new DeliveryError("An upload broke off.", {
    maybeSent: true,
    permanent: true,
    retryAfter: 5,
    cause: "E",
  });
  expect(notSent(error)).toMatchObject({ maybeSent: false, permanent: true, retryAfter: 5, cause: "E" });
  const other = new Error("other");
  expect(notSent(other)).toBe(other);
});

test.each<[unknown, number]>([
  ["30", 30_000],
  [" 2 ", 2000],
  ["0", 1000],
  ["-5", 1000],
  ["soon", 1000],
  [undefined, 1000],
  ["Thu, 01 Jan 1970 00:01:00 GMT", 50_000],
  ["Thu, 01 Jan 1970 00:00:01 GMT", 1000],
])("Retry-After %j is a pause of %i ms", (header, pause) => expect(readRetryAfter(header, 10_000)).toBe(pause));
