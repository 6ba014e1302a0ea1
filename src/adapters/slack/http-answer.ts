/** What came back, whole. */
export interface Answer {
  readonly status: number;
  readonly statusText: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

/** What came back is no answer: `message` says why. */
export class AnswerError extends Error {
  override readonly name = "AnswerError";
}

const LARGEST_HEAD = 65_536;
const LARGEST_LINE = 4_096;
const LARGEST_BODY = 5_000_000;

const STATUS_LINE = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: ([^\r\n\0]*))?$/;
const NAME = /^[!#$%&'*+\-.^`|~\w]+$/;
const HEAD_END = Buffer.from("\r\n\r\n");
const LINE_END = Buffer.from("\r\n");
const NOTHING = Buffer.alloc(0);

/** What is read next: the head, a body of known length, one in chunks (their size, their bytes, their end), or one until the end. */
type Stage = "head" | "length" | "chunk size" | "chunk" | "chunk end" | "trailer" | "until end" | "over";

/**
 * Reads the answers on one connection, each to an HTTP/1.1 POST, however their bytes are cut. Strict: what RFC 9112 does
 * not allow is an error, for the connection then says something else than it seems to.
 */
export class AnswerReader {
  #stage: Stage = "head";
  /** Not yet understood. */
  #rest: Buffer = NOTHING;
  /** Bytes of the body, or of its chunk, that are still to come. */
  #left = 0;
  #size = 0;
  #parts: Buffer[] = [];
  #status = 0;
  #statusText = "";
  #headers: Record<string, string | string[] | undefined> = {};
  #keepsAlive = false;
  /** Of the answer before: most lines are the same in every answer of a server, at the same place. */
  #lines: readonly string[] = [];
  #known: Header[] = [];

  /** Another answer is to come. */
  begin(): void {
    this.#stage = "head";
    this.#rest = NOTHING;
    this.#size = 0;
    this.#parts = [];
  }

  /** May the connection be used again? Known once the answer is whole. */
  get keepsAlive(): boolean {
    return this.#keepsAlive;
  }

  /** Once it is whole. */
  get answer(): Answer {
    const parts = this.#parts;
    const body = parts.length === 1 ? parts[0]! : Buffer.concat(parts);
    return { status: this.#status, statusText: this.#statusText, headers: this.#headers, body };
  }

  /** Takes what came, and keeps none of these bytes; true when the answer is whole. @throws AnswerError when it is none, or too large */
  read(bytes: Buffer): boolean {
    let left = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    this.#rest = NOTHING;
    for (;;) {
      const after = this.#step(left);
      if (after === undefined) {
        this.#rest = Buffer.from(left);
        return false;
      }
      left = after;
      if (this.#stage === "over") {
        // Nobody has asked for more.
        if (left.length > 0) this.#keepsAlive = false;
        return true;
      }
    }
  }

  /** No more will come; true when that makes the answer whole. */
  end(): boolean {
    return this.#stage === "until end";
  }

  /** Takes one thing off the beginning, and returns what follows it; undefined when more must come first. */
  #step(bytes: Buffer): Buffer | undefined {
    switch (this.#stage) {
      case "head":
        return this.#readHead(bytes);
      case "length":
      case "chunk":
        return this.#readBody(bytes);
      case "until end":
        if (bytes.length > 0) this.#add(bytes);
        return bytes.length > 0 ? NOTHING : undefined;
      default:
        return this.#readLine(bytes);
    }
  }

  #readHead(bytes: Buffer): Buffer | undefined {
    const end = bytes.indexOf(HEAD_END);
    if ((end < 0 ? bytes.length : end) > LARGEST_HEAD) throw new AnswerError("its head is too large");
    if (end < 0) return undefined;
    const isLast = this.#understand(bytes.toString("latin1", 0, end));
    if (isLast) this.#begin();
    return bytes.subarray(end + HEAD_END.length);
  }

  /** False for an interim answer, after which another comes. */
  #understand(head: string): boolean {
    const lines = head.split("\r\n");
    const [, minor, status, text = ""] = STATUS_LINE.exec(lines[0]!) ?? [];
    if (status === undefined) throw new AnswerError("it is not HTTP/1.1");
    this.#status = Number(status);
    if (this.#status === 101) throw new AnswerError("it changes the protocol");
    this.#statusText = text;
    this.#headers = new Bag();
    for (let at = 1; at < lines.length; at++) {
      const line = lines[at]!;
      if (line !== this.#lines[at]) this.#known[at] = readHeader(line);
      this.#addHeader(this.#known[at]!);
    }
    this.#lines = lines;
    const connection = String(this.#headers.connection ?? "").toLowerCase();
    this.#keepsAlive = minor === "1" && !connection.includes("close");
    return this.#status >= 200;
  }

  #addHeader({ name, value }: Header): void {
    const before = this.#headers[name];
    this.#headers[name] = before === undefined ? value : [before, value].flat();
  }

  /** Chooses how the body is read. https://www.rfc-editor.org/rfc/rfc9112#section-6.3 */
  #begin(): void {
    const { "transfer-encoding": coding, "content-length": length } = this.#headers;
    if (this.#status === 204 || this.#status === 304) this.#stage = "over";
    else if (coding !== undefined) {
      if (String(coding).toLowerCase() !== "chunked")
        throw new AnswerError("it is coded in a way that was not asked for");
      this.#stage = "chunk size";
      // Both at once are how one answer is passed off as two.
      if (length !== undefined) this.#keepsAlive = false;
    } else if (length !== undefined) {
      if (typeof length !== "string" || !/^\d{1,12}$/.test(length)) throw new AnswerError("its length is no number");
      this.#expect(Number(length), "length");
      if (this.#left === 0) this.#stage = "over";
    } else {
      this.#stage = "until end";
      this.#keepsAlive = false;
    }
  }

  #expect(length: number, stage: "length" | "chunk"): void {
    if (this.#size + length > LARGEST_BODY) throw tooLarge();
    this.#left = length;
    this.#stage = stage;
  }

  #readBody(bytes: Buffer): Buffer | undefined {
    if (bytes.length === 0) return undefined;
    const part = bytes.subarray(0, this.#left);
    this.#left -= part.length;
    this.#add(part);
    if (this.#left === 0) this.#stage = this.#stage === "length" ? "over" : "chunk end";
    return bytes.subarray(part.length);
  }

  /** Of a body in chunks: the size of the next one, the empty line behind one, or a line behind them all. */
  #readLine(bytes: Buffer): Buffer | undefined {
    const end = bytes.indexOf(LINE_END);
    if ((end < 0 ? bytes.length : end) > LARGEST_LINE) throw new AnswerError("a line is too long");
    if (end < 0) return undefined;
    const line = bytes.toString("latin1", 0, end);
    if (this.#stage === "chunk size") {
      const size = /^[\da-f]{1,8}(?=[ \t]*(?:;|$))/i.exec(line)?.[0];
      if (size === undefined) throw new AnswerError("the size of a chunk is no number");
      if (Number.parseInt(size, 16) === 0) this.#stage = "trailer";
      else this.#expect(Number.parseInt(size, 16), "chunk");
    } else if (this.#stage === "chunk end") {
      if (line !== "") throw new AnswerError("a chunk is longer than it says");
      this.#stage = "chunk size";
    } else if (line === "") this.#stage = "over";
    return bytes.subarray(end + LINE_END.length);
  }

  #add(part: Buffer): void {
    this.#size += part.length;
    if (this.#size > LARGEST_BODY) throw tooLarge();
    this.#parts.push(Buffer.from(part));
  }
}

/** Inherits nothing, as what `Object.create(null)` makes, but is as cheap as any object of a class. */
class Bag {
  [name: string]: string | string[] | undefined;
}
Object.setPrototypeOf(Bag.prototype, null);
Reflect.deleteProperty(Bag.prototype, "constructor");

interface Header {
  /** In lower case. */
  readonly name: string;
  readonly value: string;
}

function readHeader(line: string): Header {
  const colon = line.indexOf(":");
  const name = line.slice(0, Math.max(colon, 0)).toLowerCase();
  const value = line.slice(colon + 1).trim();
  if (!NAME.test(name) || value.includes("\n") || value.includes("\r")) throw new AnswerError("an invalid header");
  return { name, value };
}

const tooLarge = () => new AnswerError("it is too large");
