import { once } from "node:events";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { WebhookRequest, WebhookResponse } from "../../src/core/index.ts";
import { eventually, turn } from "../storage/desk.ts";
import { dial, post, serve } from "./front-stage.ts";

afterEach(() => {
  vi.useRealTimers();
});

describe("plain requests", () => {
  test("are answered one after the other on one connection, which stays open", async () => {
    await using server = await serve();
    using client = dial(server.port);
    client.send(post("abc", ["X-A: 1"], "/hook?a=1"));
    expect(await client.answered(1)).toEqual([[200, "3"]]);
    expect(client.text).toMatch(/\r\nconnection: keep-alive\r\nkeep-alive: timeout=65\r\n\r\n3$/);
    expect(client.text).toMatch(/\r\ndate: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT\r\n/);
    client.send(post("de"));
    expect((await client.answered(2))[1]).toEqual([200, "2"]);
    expect(server.received).toEqual([
      { by: "front", url: "/hook?a=1", headers: { host: "bot", "content-length": "3", "x-a": "1" }, body: "abc" },
      { by: "front", url: "/hook", headers: { host: "bot", "content-length": "2" }, body: "de" },
    ]);
  });

  test("may have no body, or one that comes in pieces", async () => {
    await using server = await serve();
    using client = dial(server.port);
    client.send(post(""));
    await client.answered(1);
    const request = post("abcdef");
    const head = request.length - 6;
    for (const piece of [request.slice(0, head), "a", "bc", "def"]) {
      client.send(piece);
      await turn();
    }
    expect(await client.answered(2)).toEqual([
      [200, "0"],
      [200, "6"],
    ]);
    expect(server.received.map(({ by, body }) => [by, body])).toEqual([
      ["front", ""],
      ["front", "abcdef"],
    ]);
  });

  test("that come together are answered in their order, and none before the one before it", async () => {
    const open: ((response: WebhookResponse) => void)[] = [];
    const asked: WebhookRequest[] = [];
    await using server = await serve({
      webhook(request) {
        asked.push(request);
        return new Promise((resolve) => open.push(resolve));
      },
    });
    using client = dial(server.port);
    client.send(post("a") + post("bb").slice(0, -1));
    await eventually("the first is asked", () => asked.length === 1);
    client.send(post("bb").slice(-1) + post("ccc"));
    await turn();
    await turn();
    expect(asked).toHaveLength(1);
    for (const [at, status] of [201, 202, 400].entries()) {
      await eventually("the next is asked", () => asked.length === at + 1);
      open[at]!({ status });
    }
    expect(await client.answered(3)).toEqual([
      [201, ""],
      [202, ""],
      [400, ""],
    ]);
    expect(asked.map(({ body }) => body.length)).toEqual([1, 2, 3]);
  });

  test("have answers with headers and bodies of every kind", async () => {
    const responses: WebhookResponse[] = [
      { status: 200, headers: { "content-type": "text/plain", "x-a": "b" }, body: "é" },
      { status: 299, body: Buffer.from([0xff, 0x00]) },
    ];
    await using server = await serve({ webhook: async () => responses.shift()! });
    using client = dial(server.port);
    client.send(post("") + post(""));
    await client.answered(2);
    const [first, second] = client.text.split(/(?=HTTP\/1\.1 299)/);
    expect(first).toMatch(/^HTTP\/1\.1 200 OK\r\ncontent-type: text\/plain\r\nx-a: b\r\ncontent-length: 2\r\n/);
    expect(first!.endsWith("\r\n\r\n\xc3\xa9")).toBe(true);
    expect(second).toMatch(/^HTTP\/1\.1 299 unknown\r\ncontent-length: 2\r\n/);
    expect(second!.endsWith("\r\n\r\n\xff\x00")).toBe(true);
  });

  test("of one who takes no answers wait, so that they do not pile up", async () => {
    const body = "x".repeat(100_000);
    let asked = 0;
    await using server = await serve({
      async webhook() {
        asked += 1;
        return { status: 200, body };
      },
    });
    using client = dial(server.port);
    client.socket.pause();
    client.send(post("a").repeat(1000));
    let before = -1;
    await eventually("no more is asked", async () => {
      const isStill = asked === before;
      before = asked;
      await new Promise((resolve) => setTimeout(resolve, 50));
      return isStill;
    });
    expect(asked).toBeLessThan(900);
    client.socket.resume();
    await eventually("all are asked", () => asked === 1000);
  });

  test("whose sender is gone meanwhile harm nobody", async () => {
    let answer: (response: WebhookResponse) => void = () => {};
    await using server = await serve({ webhook: () => new Promise((resolve) => (answer = resolve)) });
    using client = dial(server.port);
    client.send(post("a"));
    const [socket] = await once(server.server, "connection");
    await eventually("it is asked", () => answer.length === 1);
    client.socket.resetAndDestroy();
    await eventually("that is known", () => socket.closed);
    answer({ status: 200 });
    using other = dial(server.port);
    other.send(post("b"));
  });

  test("are answered to one who has said all and still listens", async () => {
    await using server = await serve();
    using client = dial(server.port);
    client.socket.end(post("abc") + post("de"), "latin1");
    expect(await client.ended()).toEqual([
      [200, "3"],
      [200, "2"],
    ]);
    using silent = dial(server.port);
    silent.socket.end();
    expect(await silent.ended()).toEqual([]);
  });

  test("that end before their body are refused", async () => {
    await using server = await serve();
    using client = dial(server.port);
    client.socket.end(post("abc").slice(0, -1), "latin1");
    expect(await client.ended()).toEqual([[400, ""]]);
    expect(server.received).toEqual([]);
  });
});

describe("all else", () => {
  test.each<[string, string, number]>([
    ["another path", post("abc", [], "/elsewhere"), 200],
    ["another method", "GET /hook HTTP/1.1\r\nHost: bot\r\n\r\n", 200],
    ["HTTP/1.0", "POST /hook HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc", 200],
    ["chunks", "POST /hook HTTP/1.1\r\nHost: bot\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", 200],
    ["a body above the limit", post("x".repeat(1001)), 200],
    ["no host", "POST /hook HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", 400],
    [
      "a length and chunks",
      "POST /hook HTTP/1.1\r\nHost: bot\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      400,
    ],
    ["two lengths", post("abc", ["Content-Length: 4"]), 400],
    ["what is not HTTP", "\x16\x03\x01 rubbish\r\n\r\n", 400],
  ])("is left to node:http: %s", async (_, bytes, status) => {
    await using server = await serve();
    // Both as a connection's first, and behind a plain one.
    for (const before of [[], [post("a")]]) {
      using client = dial(server.port);
      for (const each of before) {
        client.send(each);
        await client.answered(1);
      }
      server.received.length = 0;
      client.send(bytes);
      expect((await client.answered(before.length + 1)).at(-1)![0]).toBe(status);
      expect(server.received.map(({ by }) => by)).toEqual(status === 200 ? ["node:http"] : []);
    }
  });

  test("is left there with every byte: what came with it, and what comes after", async () => {
    await using server = await serve();
    using client = dial(server.port);
    const slow = post("abcdef", [], "/elsewhere");
    client.send(post("a") + slow.slice(0, 20));
    await client.answered(1);
    client.send(slow.slice(20, -2));
    await turn();
    client.send(slow.slice(-2) + post("bb"));
    expect(await client.answered(3)).toEqual([
      [200, "1"],
      [200, "6"],
      [200, "2"],
    ]);
    expect(server.received.map(({ by, body }) => [by, body])).toEqual([
      ["front", "a"],
      ["node:http", "abcdef"],
      ["node:http", "bb"],
    ]);
  });

  test("who wants to be asked to go on is asked", async () => {
    await using server = await serve();
    using client = dial(server.port);
    const request = post("abc", ["Expect: 100-continue"]);
    client.send(request.slice(0, -3));
    await eventually("it may go on", () => client.text.startsWith("HTTP/1.1 100 Continue"));
    client.send("abc");
    expect((await client.answered(2)).at(-1)).toEqual([200, "3"]);
  });
});

describe("time", () => {
  async function withClock(
    act: (server: Awaited<ReturnType<typeof serve>>, pass: (seconds: number) => void) => Promise<void>,
  ) {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    await using server = await serve();
    await act(server, (seconds) => vi.advanceTimersByTime(seconds * 1000));
  }

  test("a body has to come in", () =>
    withClock(async (server, pass) => {
      using client = dial(server.port);
      client.send(post("abc").slice(0, -1));
      await once(server.server, "connection");
      await turn();
      await turn();
      pass(15);
      await turn();
      expect(client.hasEnded).toBe(false);
      pass(1);
      expect(await client.ended()).toEqual([[400, ""]]);
      expect(server.received).toEqual([]);
    }));

  test("a connection has to say something, and may rest for longer then", () =>
    withClock(async (server, pass) => {
      using silent = dial(server.port);
      await once(server.server, "connection");
      using client = dial(server.port);
      client.send(post("abc"));
      await client.answered(1);
      pass(16);
      await silent.ended();
      client.send(post("de"));
      await client.answered(2);
      pass(65);
      await turn();
      expect(client.hasEnded).toBe(false);
      pass(1);
      await client.ended();
    }));

  test("an answer may take its time", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    let answer: ((response: WebhookResponse) => void) | undefined;
    await using server = await serve({ webhook: () => new Promise((resolve) => (answer = resolve)) });
    using client = dial(server.port);
    client.send(post("abc"));
    await eventually("it is asked", () => answer !== undefined);
    vi.advanceTimersByTime(200_000);
    answer!({ status: 200 });
    expect(await client.answered(1)).toEqual([[200, ""]]);
  });
});

test("to stop closes connections that rest, and the others behind their answers", async () => {
  let answer: ((response: WebhookResponse) => void) | undefined;
  await using server = await serve({ webhook: () => new Promise((resolve) => (answer = resolve)) });
  using resting = dial(server.port);
  await once(server.server, "connection");
  using busy = dial(server.port);
  busy.send(post("abc"));
  await eventually("it is asked", () => answer !== undefined);
  using slow = dial(server.port);
  slow.send(post("abc").slice(0, -1));
  const [socket] = await once(server.server, "connection");
  await eventually("it has begun", () => socket.bytesRead > 0);
  const closed = once(server.server, "close");
  server.server.close();
  server.front.stop();
  await resting.ended();
  expect(busy.hasEnded).toBe(false);
  answer!({ status: 200 });
  expect(await busy.ended()).toEqual([[200, ""]]);
  expect(busy.text).toContain("\r\nconnection: close\r\n");
  answer = undefined;
  slow.send("c");
  await eventually("the other is asked", () => answer !== undefined);
  answer!({ status: 200 });
  expect(await slow.ended()).toEqual([[200, ""]]);
  await closed;
});
