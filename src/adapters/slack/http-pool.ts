import { connect as connectPlain, isIP, type OnReadOpts, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { type Answer, AnswerReader } from "./http-answer.ts";

/** One request, and who waits for its answer. */
export interface Exchange {
  /** Nobody waits for it any more. */
  readonly isOver: boolean;
  /** As it is written: the request line and the headers up to the length of the body, which follows. */
  readonly head: string;
  readonly body: string | Uint8Array;
  /** Its first byte is about to be written. Returns false when it must not be. */
  begin(connection: { destroy(): void }): boolean;
  answered(answer: Answer): void;
  /** The connection was lost, or the exchange never got one. */
  failed(error: Error): void;
}

export interface PoolOptions {
  /** Connections at once. */
  readonly most: number;
  /** Milliseconds until a connection that does not come about is given up. */
  readonly timeout: number;
}

// Servers close a connection that rests; one that has rested for nearly as long is not trusted any more.
const LONGEST_REST_MS = 20_000;
const REST_MARGIN_MS = 1_000;
const TCP_KEEP_ALIVE_MS = 60_000;
// What comes in on any connection is read into this, and looked at before more is read.
const INCOMING = Buffer.alloc(65_536);

/** Connections to one origin that stay open. Each carries one exchange at a time; others wait for the first that is free. */
export class HttpPool {
  /** The value of the Host header. */
  readonly host: string;
  readonly #origin: URL;
  readonly #options: PoolOptions;
  readonly #all = new Set<Connection>();
  /** The longest rested first. */
  readonly #resting: Connection[] = [];
  readonly #waiting: Exchange[] = [];
  #session: Buffer | undefined;
  #sweepTimer: NodeJS.Timeout | undefined;
  #onEmpty: (() => void) | undefined;

  /** @param origin `http:` or `https:` */
  constructor(origin: URL, options: PoolOptions) {
    this.#origin = origin;
    this.#options = options;
    this.host = origin.host;
  }

  send(exchange: Exchange): void {
    const connection = this.#takeResting();
    if (connection === undefined) {
      this.#waiting.push(exchange);
      this.#open();
    } else if (!connection.send(exchange)) this.#next(connection);
  }

  /** Lets what is under way or waits come to its end, and closes all connections. */
  async close(): Promise<void> {
    clearTimeout(this.#sweepTimer);
    const isWaitedFor = this.#waiting.some(({ isOver }) => !isOver);
    for (const connection of this.#all) if (!connection.isBusy && !isWaitedFor) connection.destroy();
    if (this.#all.size > 0) await new Promise<void>((resolve) => (this.#onEmpty = resolve));
  }

  #takeResting(): Connection | undefined {
    for (;;) {
      const connection = this.#resting.pop();
      if (connection === undefined || connection.isFresh) return connection;
      connection.destroy();
    }
  }

  /** For the last that waits, unless there are as many connections as there may be, or on their way as are waited for. */
  #open(): void {
    if (this.#all.size >= this.#options.most) return;
    const onTheirWay = [...this.#all].filter(({ isConnected }) => !isConnected);
    if (onTheirWay.length >= this.#waiting.length) return;
    const connection: Connection = new Connection((onread) => this.#connect(onread), this.#options.timeout, {
      isFree: () => this.#next(connection),
      isGone: (error) => this.#remove(connection, error),
    });
    this.#all.add(connection);
  }

  #connect(onread: OnReadOpts): Socket {
    const { protocol, hostname, port } = this.#origin;
    const host = hostname.replace(/^\[|\]$/g, "");
    const isSecure = protocol === "https:";
    const to = { host, port: Number(port) || (isSecure ? 443 : 80), onread };
    const socket = isSecure
      ? connectTls({
          ...to,
          ALPNProtocols: ["http/1.1"],
          ...(isIP(host) === 0 && { servername: host }),
          ...(this.#session && { session: this.#session }),
        })
      : connectPlain(to);
    // The next connection is spared half of the handshake.
    socket.on("session", (session: Buffer) => (this.#session = session));
    return socket;
  }

  /** A connection is free: for what waits longest, else to rest. */
  #next(connection: Connection): void {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      if (connection.send(next)) return;
    }
    if (this.#onEmpty !== undefined) {
      connection.destroy();
      return;
    }
    connection.rest();
    this.#resting.push(connection);
    this.#sweepTimer ??= setTimeout(() => this.#sweep(), LONGEST_REST_MS).unref();
  }

  #sweep(): void {
    this.#sweepTimer = undefined;
    while (this.#resting[0]?.isFresh === false) this.#resting.shift()!.destroy();
    if (this.#resting.length > 0) this.#sweepTimer = setTimeout(() => this.#sweep(), LONGEST_REST_MS).unref();
  }

  /** @param error when it never came about */
  #remove(connection: Connection, error: Error | undefined): void {
    this.#all.delete(connection);
    const at = this.#resting.indexOf(connection);
    if (at >= 0) this.#resting.splice(at, 1);
    // Each attempt was made for one that waits.
    if (error !== undefined) this.#takeWaiting()?.failed(error);
    if (this.#waiting.length > 0) this.#open();
    else if (this.#all.size === 0) this.#onEmpty?.();
  }

  #takeWaiting(): Exchange | undefined {
    for (;;) {
      const exchange = this.#waiting.shift();
      if (exchange === undefined || !exchange.isOver) return exchange;
    }
  }
}

interface Owner {
  isFree(): void;
  /** `error`: why it never came about. */
  isGone(error: Error | undefined): void;
}

class Connection {
  readonly #socket: Socket;
  readonly #owner: Owner;
  #isConnected = false;
  #error: Error | undefined;
  #exchange: Exchange | undefined;
  readonly #reader = new AnswerReader();
  #restsUntil = 0;
  /** What the last answer said of that, and what it means in milliseconds. */
  #keepAlive: unknown;
  #longestRest = LONGEST_REST_MS;

  constructor(connect: (onread: OnReadOpts) => Socket, timeout: number, owner: Owner) {
    const socket = connect({
      buffer: INCOMING,
      callback: (length, buffer) => this.#read(buffer.subarray(0, length) as Buffer),
    });
    this.#socket = socket;
    this.#owner = owner;
    socket.setNoDelay(true).setKeepAlive(true, TCP_KEEP_ALIVE_MS);
    socket.setTimeout(timeout, () => socket.destroy(connectionError("ETIMEDOUT")));
    // Each call has a timer of its own: the process lives until all are answered, and no longer.
    socket.unref();
    socket.once("encrypted" in socket ? "secureConnect" : "connect", () => {
      socket.setTimeout(0);
      this.#isConnected = true;
      owner.isFree();
    });
    socket.on("end", () => {
      if (this.#exchange !== undefined && this.#reader.end()) this.#finish();
    });
    socket.on("error", (error) => (this.#error = error));
    socket.on("close", () => this.#close());
  }

  get isConnected(): boolean {
    return this.#isConnected;
  }

  get isBusy(): boolean {
    return this.#exchange !== undefined;
  }

  /** May it still be used, after its rest? */
  get isFresh(): boolean {
    return performance.now() < this.#restsUntil && !this.#socket.destroyed;
  }

  /** Returns false when the exchange must not begin; the connection is free then. */
  send(exchange: Exchange): boolean {
    if (!exchange.begin(this)) return false;
    this.#exchange = exchange;
    this.#reader.begin();
    const { head, body } = exchange;
    if (typeof body === "string") {
      const length = Buffer.byteLength(body);
      const text = `${head}${length}\r\n\r\n${body}`;
      // The same bytes, the shorter way.
      this.#socket.write(text, length === body.length ? "latin1" : "utf8");
    } else {
      this.#socket.cork();
      this.#socket.write(`${head}${body.length}\r\n\r\n`, "latin1");
      this.#socket.write(body);
      this.#socket.uncork();
    }
    return true;
  }

  /** Nothing to do. */
  rest(): void {
    this.#restsUntil = performance.now() + this.#longestRest;
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** @returns whether more should be read */
  #read(bytes: Buffer): boolean {
    try {
      // Else it speaks unasked.
      if (this.#exchange === undefined) this.destroy();
      else if (this.#reader.read(bytes)) this.#finish();
    } catch (error) {
      this.#socket.destroy(error as Error);
    }
    return true;
  }

  #finish(): void {
    const exchange = this.#exchange!;
    const { answer, keepsAlive } = this.#reader;
    this.#exchange = undefined;
    exchange.answered(answer);
    const { "keep-alive": keepAlive } = answer.headers;
    if (keepAlive !== this.#keepAlive) {
      this.#keepAlive = keepAlive;
      this.#longestRest = longestRest(keepAlive);
    }
    // An answer that came before all was sent leaves the rest of the request in the way.
    if (keepsAlive && this.#socket.writableLength === 0) this.#owner.isFree();
    else this.destroy();
  }

  #close(): void {
    const exchange = this.#exchange;
    this.#exchange = undefined;
    const error = this.#error ?? connectionError("ECONNRESET");
    exchange?.failed(error);
    this.#owner.isGone(this.#isConnected ? undefined : error);
  }
}

/** The server says for how long it keeps a connection: `timeout=60`. */
function longestRest(keepAlive: unknown): number {
  const seconds = /(?:^|[,\s])timeout=(\d{1,6})/i.exec(String(keepAlive))?.[1];
  if (seconds === undefined) return LONGEST_REST_MS;
  return Math.min(Number(seconds) * 1000 - REST_MARGIN_MS, LONGEST_REST_MS);
}

function connectionError(code: string): Error {
  return Object.assign(new Error(`The connection was lost (${code}).`), { code });
}
