import { describe, expect, test } from "vitest";
import { readPlainHead } from "../../src/server/plain-head.ts";

const PLAIN = ["POST /hook HTTP/1.1", "Host: bot.example", "Content-Length: 3"];

function read(lines: readonly string[], body = "abc") {
  return readPlainHead(Buffer.from(`${lines.join("\r\n")}\r\n\r\n${body}`, "latin1"));
}

describe("a plain head", () => {
  test("is read whole", () => {
    const lines = ["POST /a/b%20c?x=1&y=? HTTP/1.1", "HOST:  bot.example\t", "content-length:3", "X-Empty:"];
    const head = read(lines);
    expect(head).toEqual({
      path: "/a/b%20c",
      query: "x=1&y=?",
      headers: { host: "bot.example", "content-length": "3", "x-empty": "" },
      bodyAt: lines.join("\r\n").length + 4,
      length: 3,
    });
  });

  test.each(["keep-alive", "Keep-Alive"])("may say connection: %s", (value) => {
    expect(read([...PLAIN, `Connection: ${value}`])?.length).toBe(3);
  });

  test.each<[string, readonly string[]]>([
    ["another method", ["GET /hook HTTP/1.1", "Host: a", "Content-Length: 3"]],
    ["a method in lower case", ["post /hook HTTP/1.1", "Host: a", "Content-Length: 3"]],
    ["another version", ["POST /hook HTTP/1.0", "Host: a", "Content-Length: 3"]],
    ["a whole URL", ["POST http://a/hook HTTP/1.1", "Host: a", "Content-Length: 3"]],
    ["no target", ["POST  HTTP/1.1", "Host: a", "Content-Length: 3"]],
    ["a blank in the target", ["POST /hook x HTTP/1.1", "Host: a", "Content-Length: 3"]],
    ["bytes above ASCII in the target", ["POST /h\xe9 HTTP/1.1", "Host: a", "Content-Length: 3"]],
    ["an empty line before it", ["", ...PLAIN]],
    ["no host", ["POST /hook HTTP/1.1", "Content-Length: 3"]],
    ["no length", ["POST /hook HTTP/1.1", "Host: a"]],
    ["a length twice", [...PLAIN, "Content-Length: 3"]],
    ["a list of lengths", ["POST /hook HTTP/1.1", "Host: a", "Content-Length: 3, 3"]],
    ["a signed length", ["POST /hook HTTP/1.1", "Host: a", "Content-Length: +3"]],
    ["a hexadecimal length", ["POST /hook HTTP/1.1", "Host: a", "Content-Length: 0x3"]],
    ["a length of very many digits", ["POST /hook HTTP/1.1", "Host: a", "Content-Length: 0000000003"]],
    ["chunks", [...PLAIN, "Transfer-Encoding: chunked"]],
    ["an expectation", [...PLAIN, "Expect: 100-continue"]],
    ["an upgrade", [...PLAIN, "Upgrade: websocket"]],
    ["a connection that closes", [...PLAIN, "Connection: close"]],
    ["a connection header with more", [...PLAIN, "Connection: keep-alive, x-b"]],
    ["a header twice", [...PLAIN, "X-A: 1", "x-a: 2"]],
    ["a folded header", [...PLAIN, "X-A: 1", " 2"]],
    ["a blank before the colon", [...PLAIN, "X-A : 1"]],
    ["a header without a colon", [...PLAIN, "X-A"]],
    ["a header without a name", [...PLAIN, ": 1"]],
    ["bytes above ASCII in a value", [...PLAIN, "X-A: \xe9"]],
    ["a bare line feed", [...PLAIN, "X-A: 1\nX-B: 2"]],
    ["a bare carriage return", [...PLAIN, "X-A: 1\rX-B: 2"]],
    ["a zero byte", [...PLAIN, "X-A: \0"]],
    ["a name that objects have", [...PLAIN, "constructor: 1"]],
  ])("is none with %s", (_, lines) => {
    expect(read(lines)).toBeUndefined();
  });

  test("has come whole, and is no longer than 16 KiB", () => {
    expect(readPlainHead(Buffer.from("POST /hook HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n"))).toBeUndefined();
    const rest = PLAIN.join("\r\n").length + "\r\nX-A: ".length;
    expect(read([...PLAIN, `X-A: ${"x".repeat(16_384 - rest)}`])?.length).toBe(3);
    expect(read([...PLAIN, `X-A: ${"x".repeat(16_385 - rest)}`])).toBeUndefined();
  });
});
