/** The head of a plain request. */
export interface PlainHead {
  /** Without the query. */
  readonly path: string;
  /** Without the question mark. */
  readonly query: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Where the body begins, in bytes. */
  readonly bodyAt: number;
  /** Bytes of the body. */
  readonly length: number;
}

const HEAD_END = Buffer.from("\r\n\r\n");
const LONGEST_HEAD = 16_384;
const METHOD = "POST ";
const VERSION = " HTTP/1.1";
const TARGET = /^\/[\x21-\x7e]*$/;
const LINE = /^[!#$%&'*+\-.^`|~\w]+:[\t\x20-\x7e]*$/;
const LENGTH = /^\d{1,9}$/;

/**
 * Reads the head of a request that is as plain as what platforms and proxies send: an HTTP/1.1 POST whose head is whole,
 * with a host, a length, each header once, and nothing that asks for another way to read the body or to go on after it.
 * Returns undefined for all else, right or wrong: it takes a reader of all of HTTP.
 * https://www.rfc-editor.org/rfc/rfc9112
 */
export function readPlainHead(bytes: Buffer): PlainHead | undefined {
  const end = bytes.indexOf(HEAD_END);
  if (end < 0 || end > LONGEST_HEAD) return undefined;
  const head = bytes.toString("latin1", 0, end);
  const target = targetOf(head);
  const headers = target === undefined ? undefined : readHeaders(head);
  if (target === undefined || headers === undefined || !isPlain(headers)) return undefined;
  return {
    ...splitTarget(target),
    headers,
    bodyAt: end + HEAD_END.length,
    length: Number(headers["content-length"]),
  };
}

/** The target of a request as its path, and its query without the question mark. */
export function splitTarget(target: string): { readonly path: string; readonly query: string } {
  const mark = target.indexOf("?");
  return mark < 0 ? { path: target, query: "" } : { path: target.slice(0, mark), query: target.slice(mark + 1) };
}

function targetOf(head: string): string | undefined {
  if (!head.startsWith(METHOD)) return undefined;
  const line = head.slice(0, endOfLine(head, 0));
  const target = line.slice(METHOD.length, -VERSION.length);
  return line.endsWith(VERSION) && TARGET.test(target) ? target : undefined;
}

function readHeaders(head: string): Record<string, string> | undefined {
  const headers: Record<string, string> = {};
  for (let at = endOfLine(head, 0) + 2; at < head.length; ) {
    const end = endOfLine(head, at);
    const line = head.slice(at, end);
    // What goes on in a next line begins with a blank, so it is no such line.
    if (!LINE.test(line)) return undefined;
    const colon = line.indexOf(":");
    const name = line.slice(0, colon).toLowerCase();
    if (headers[name] !== undefined) return undefined;
    headers[name] = line.slice(colon + 1).trim();
    at = end + 2;
  }
  return headers;
}

function endOfLine(head: string, from: number): number {
  const end = head.indexOf("\r\n", from);
  return end < 0 ? head.length : end;
}

function isPlain(headers: Readonly<Record<string, string>>): boolean {
  const { connection, "content-length": length } = headers;
  return (
    headers.host !== undefined &&
    length !== undefined &&
    LENGTH.test(length) &&
    (connection === undefined || connection.toLowerCase() === "keep-alive") &&
    headers["transfer-encoding"] === undefined &&
    headers.expect === undefined &&
    headers.upgrade === undefined
  );
}
