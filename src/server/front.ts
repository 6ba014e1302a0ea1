import type { Server } from "node:http";
import type { Socket } from "node:net";
import type { WebhookRequest, WebhookResponse } from "../core/index.ts";
import { writePlainAnswer } from "./plain-answer.ts";
import { type PlainHead, readPlainHead } from "./plain-head.ts";

export interface FrontOptions {
  /** The largest body, in bytes. */
  readonly bodyLimit: number;
  /** Milliseconds that a body may take to come in. */
  readonly requestTimeout: number;
  /** Milliseconds that a connection may rest between two requests. */
  readonly keepAliveTimeout: number;
  /** Is a webhook mounted at this path? */
  serves(path: string): boolean;
  /** Never rejects. */
  webhook(request: WebhookRequest): Promise<WebhookResponse>;
}

const SWEEP_MS = 1_000;

/**
 * Answers the webhooks among a server's requests without what node:http makes of each: its streams and headers cost more
 * than all that the bot does with a message. A connection whose next request is not a plain one is handed to node:http
 * with every byte that came, and stays there.
 */
export class Front {
  readonly options: FrontOptions;
  isStopping = false;
  readonly #server: Server;
  readonly #behind: ReadonlyArray<(this: Server, socket: Socket) => void>;
  readonly #connections = new Set<Connection>();
  readonly #sweepTimer: NodeJS.Timeout;

  constructor(server: Server, options: FrontOptions) {
    this.options = options;
    this.#server = server;
    this.#behind = server.listeners("connection") as Array<(socket: Socket) => void>;
    server.removeAllListeners("connection");
    server.on("connection", (socket: Socket) => this.#connections.add(new Connection(socket, this)));
    this.#sweepTimer = setInterval(() => this.#sweep(), SWEEP_MS).unref();
  }

  /** Closes the connections that rest, and each other one behind its answer. */
  stop(): void {
    this.isStopping = true;
    clearInterval(this.#sweepTimer);
    for (const connection of this.#connections) if (connection.isResting) connection.destroy();
  }

  /** Closes them all. */
  destroy(): void {
    for (const connection of this.#connections) connection.destroy();
  }

  /** A connection is gone. */
  remove(connection: Connection): void {
    this.#connections.delete(connection);
  }

  /** To node:http, with what has come and is not answered. */
  handOver(connection: Connection, socket: Socket, bytes: Buffer): void {
    this.#connections.delete(connection);
    for (const listen of this.#behind) listen.call(this.#server, socket);
    socket.unshift(bytes);
  }

  /** Tells of it as node:http does: `clientError` has to answer. */
  refuse(socket: Socket, code: "ERR_HTTP_REQUEST_TIMEOUT" | "HPE_INVALID_EOF_STATE"): void {
    this.#server.emit("clientError", Object.assign(new Error("The request did not come in."), { code }), socket);
  }

  #sweep(): void {
    for (const connection of this.#connections) connection.grow(SWEEP_MS);
  }
}

const ignore = () => {};

/** One connection, for as long as only plain requests come over it. */
class Connection {
  readonly #socket: Socket;
  readonly #front: Front;
  /** Of the request that is answered or still comes in. */
  #head: PlainHead | undefined;
  /** What is there of a body that still comes in. */
  #parts: Buffer[] = [];
  /** Bytes of it that are not. */
  #missing = 0;
  /** What came behind the request that is answered. */
  #early: Buffer | undefined;
  #hasEnded = false;
  /** Milliseconds in which nothing was begun. */
  #age = 0;
  #isNew = true;

  constructor(socket: Socket, front: Front) {
    this.#socket = socket;
    this.#front = front;
    socket.on("data", this.#onData).on("end", this.#onEnd).on("error", ignore).on("close", this.#onClose);
  }

  get isResting(): boolean {
    return this.#head === undefined;
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** Time has passed. */
  grow(ms: number): void {
    const { requestTimeout, keepAliveTimeout } = this.#front.options;
    this.#age += ms;
    if (this.isResting) {
      if (this.#age > (this.#isNew ? requestTimeout : keepAliveTimeout)) this.destroy();
    } else if (this.#missing > 0 && this.#age > requestTimeout) this.#refuse("ERR_HTTP_REQUEST_TIMEOUT");
  }

  readonly #onData = (bytes: Buffer): void => {
    if (this.#head === undefined) this.#begin(bytes);
    else if (this.#missing > 0) this.#takeBody(this.#head, bytes);
    else this.#wait(bytes);
  };

  readonly #onEnd = (): void => {
    this.#hasEnded = true;
    if (this.#head === undefined) this.#socket.end();
    else if (this.#missing > 0) this.#refuse("HPE_INVALID_EOF_STATE");
  };

  readonly #onClose = (): void => this.#front.remove(this);

  #begin(bytes: Buffer): void {
    const head = readPlainHead(bytes);
    const { bodyLimit, serves } = this.#front.options;
    if (head === undefined || head.length > bodyLimit || !serves(head.path)) {
      this.#handOver(bytes);
      return;
    }
    this.#head = head;
    this.#isNew = false;
    this.#age = 0;
    this.#missing = head.length;
    this.#takeBody(head, bytes.subarray(head.bodyAt));
  }

  #takeBody(head: PlainHead, bytes: Buffer): void {
    const part = bytes.length > this.#missing ? bytes.subarray(0, this.#missing) : bytes;
    this.#missing -= part.length;
    if (this.#missing > 0) {
      this.#parts.push(part);
      return;
    }
    if (part !== bytes) this.#wait(bytes.subarray(part.length));
    if (this.#parts.length === 0) {
      this.#ask(head, part);
      return;
    }
    this.#ask(head, Buffer.concat([...this.#parts, part]));
    this.#parts = [];
  }

  /** One request is answered after the other. */
  #wait(bytes: Buffer): void {
    this.#early = this.#early === undefined ? bytes : Buffer.concat([this.#early, bytes]);
    this.#socket.pause();
  }

  #ask({ path, query, headers }: PlainHead, body: Buffer): void {
    this.#front.options.webhook({ method: "POST", path, query, headers, body }).then(this.#answer);
  }

  readonly #answer = (response: WebhookResponse): void => {
    const socket = this.#socket;
    if (socket.destroyed) return;
    const isLast = this.#front.isStopping || (this.#hasEnded && this.#early === undefined);
    const isTaken = writePlainAnswer(socket, response, isLast ? 0 : this.#front.options.keepAliveTimeout);
    if (isLast) socket.destroySoon();
    else if (isTaken) this.#next();
    else socket.once("drain", () => this.#next());
  };

  #next(): void {
    this.#head = undefined;
    this.#age = 0;
    const bytes = this.#early;
    if (bytes === undefined) {
      if (this.#hasEnded) this.#socket.end();
      return;
    }
    this.#early = undefined;
    this.#socket.resume();
    this.#begin(bytes);
  }

  #refuse(code: Parameters<Front["refuse"]>[1]): void {
    // What still comes is thrown away.
    this.#socket.off("data", this.#onData).resume();
    this.#front.refuse(this.#socket, code);
  }

  #handOver(bytes: Buffer): void {
    const socket = this.#socket;
    socket.off("data", this.#onData).off("end", this.#onEnd).off("error", ignore).off("close", this.#onClose);
    this.#front.handOver(this, socket, bytes);
  }
}
