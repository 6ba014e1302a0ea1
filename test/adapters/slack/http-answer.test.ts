import { describe, expect, test } from "vitest";
import { AnswerError, AnswerReader } from "../../../src/adapters/slack/http-answer.ts";

/** Reads an answer that comes in these pieces; the connection ends after them. */
function readAll(pieces: readonly Buffer[]) {
  const reader = new AnswerReader();
  const isWhole = pieces.some((piece) => reader.read(piece)) || reader.end();
  const { body, headers, ...rest } = reader.answer;
  return { isWhole, ...rest, headers: { ...headers }, body: body.toString("latin1"), keepsAlive: reader.keepsAlive };
}

const cut = (text: string, ...at: readonly number[]) =>
  [0, ...at].map((from, index) => Buffer.from(text.slice(from, at[index]), "latin1"));

const read = (text: string) => readAll(cut(text));

const lines = (...all: readonly string[]) => all.join("\r\n");

const WITH_LENGTH = lines("HTTP/1.1 200 OK", "Content-Type: text/plain", "Content-Length: 5", "", "hällo");
const IN_CHUNKS = lines(
  ...["HTTP/1.1 200 OK", "Transfer-Encoding: chunked", "", "3;name=value", "häl", "2 ", "lo", "0"],
  ...["Trailer: x", "", ""],
);
const AFTER_INTERIM = lines(
  ...["HTTP/1.1 100 Continue", "", "HTTP/1.1 103 Early Hints", "Link: </a>", "", "HTTP/1.1 200 OK"],
  ...["content-length: 5", "", "hällo"],
);
const UNTIL_END = lines("HTTP/1.1 200 OK", "", "hällo");

describe.each([
  ["of a known length", WITH_LENGTH, true],
  ["in chunks", IN_CHUNKS, true],
  ["after interim answers", AFTER_INTERIM, true],
  ["that ends with its connection", UNTIL_END, false],
])("an answer %s", (_, text, keepsAlive) => {
  const expected = { isWhole: true, status: 200, statusText: "OK", body: "hällo", keepsAlive };

  test("is read", () => {
    expect(read(text)).toMatchObject(expected);
  });

  test("is read wherever it is cut", () => {
    for (let first = 1; first < text.length; first++) {
      expect(readAll(cut(text, first))).toMatchObject(expected);
      const second = first + ((first * 7) % 11) + 1;
      if (second < text.length) expect(readAll(cut(text, first, second))).toMatchObject(expected);
    }
    expect(readAll([...text].map((char) => Buffer.from(char, "latin1")))).toMatchObject(expected);
  });

  test("is not whole before its end", () => {
    for (let length = 1; length < text.length && keepsAlive; length++) {
      expect(readAll([Buffer.from(text.slice(0, length), "latin1")]).isWhole).toBe(false);
    }
  });
});

test("header names are in lower case, and what comes twice is a list", () => {
  const { headers } = read(lines("HTTP/1.1 204 No Content", "X-A: 1", "x-a:2 ", "X-B:\t3 4", "__proto__: 5", "", ""));
  expect(Object.entries(headers)).toEqual(
    expect.arrayContaining([
      ["x-a", ["1", "2"]],
      ["x-b", "3 4"],
    ]),
  );
});

test.each([204, 304])("an answer of status %i has no body", (status) => {
  expect(read(lines(`HTTP/1.1 ${status} x`, "content-length: 5", "", ""))).toMatchObject({ isWhole: true, body: "" });
});

test("an answer without a reason is one", () => {
  expect(read(lines("HTTP/1.1 200", "content-length: 0", "", ""))).toMatchObject({ isWhole: true, statusText: "" });
});

test.each([
  ["of HTTP/1.0", lines("HTTP/1.0 200 OK", "content-length: 0", "", "")],
  ["that says close", lines("HTTP/1.1 200 OK", "connection: Close", "content-length: 0", "", "")],
  ["with more behind it", lines("HTTP/1.1 200 OK", "content-length: 0", "", "HTTP/1.1 200 OK")],
  ["of two lengths", lines("HTTP/1.1 200 OK", "content-length: 9", "transfer-encoding: chunked", "", "0", "", "")],
])("after an answer %s the connection is not used again", (_, text) => {
  expect(read(text)).toMatchObject({ isWhole: true, body: "", keepsAlive: false });
});

const OK = "HTTP/1.1 200 OK";
const CHUNKED = "transfer-encoding: chunked";

test.each([
  ["is no HTTP", lines("SSH-2.0-OpenSSH", "", "")],
  ["is of HTTP/2", lines("HTTP/2 200 OK", "", "")],
  ["has no status", lines("HTTP/1.1 OK", "", "")],
  ["has a status of four digits", lines("HTTP/1.1 2000 OK", "", "")],
  ["changes the protocol", lines("HTTP/1.1 101 Switching Protocols", "", "")],
  ["has a header without a colon", lines(OK, "oops", "", "")],
  ["has a header without a name", lines(OK, ": x", "", "")],
  ["has a blank before a colon", lines(OK, "content-length : 0", "", "")],
  ["folds a header", lines(OK, "x-a: 1", " 2", "", "")],
  ["has a lone line feed in a header", lines(OK, "x-a: 1\nx-b: 2", "", "")],
  ["has two lengths", lines(OK, "content-length: 1", "content-length: 1", "", "x")],
  ["has a length that is no number", lines(OK, "content-length: 1e1", "", "x")],
  ["has a length below zero", lines(OK, "content-length: -1", "", "x")],
  ["is compressed, which nobody asked for", lines(OK, "transfer-encoding: gzip, chunked", "", "")],
  ["has a chunk of no size", lines(OK, CHUNKED, "", "x", "")],
  ["has a chunk of a size below zero", lines(OK, CHUNKED, "", "-1", "")],
  ["has a chunk longer than it says", lines(OK, CHUNKED, "", "1", "xx", "0", "", "")],
  ["is larger than 5 MB", lines(OK, "content-length: 5000001", "", "")],
  ["is larger than 5 MB in chunks", lines(OK, CHUNKED, "", "4c4b41", "")],
  ["is larger than 5 MB without saying so", lines(OK, "", "x".repeat(5_000_001))],
  ["has a head without an end", `${OK}\r\nx: ${"y".repeat(70_000)}`],
  ["has a size of a chunk without an end", lines(OK, CHUNKED, "", `1;${"y".repeat(5000)}`)],
])("what %s is refused", (_, text) => {
  expect(() => read(text)).toThrow(AnswerError);
});
