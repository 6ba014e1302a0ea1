import { errorCode } from "../../core/index.ts";
import { unsentCall, unsureCall } from "./failure.ts";
import { type Answer, AnswerError } from "./http-answer.ts";
import { type Exchange, HttpPool } from "./http-pool.ts";

/** One POST. */
export interface Call {
  readonly url: string;
  /** What the call is named in errors: an upload's address is a secret. */
  readonly what: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
  readonly signal?: AbortSignal | undefined;
}

/** Posts over connections that stay open. */
export interface Transport {
  /** @throws DeliveryError that tells whether the call may have got through */
  post(call: Call): Promise<Answer>;
  close(): Promise<void>;
}

const CONNECTIONS = 64;

export interface TransportOptions {
  /** Milliseconds from asking to the last byte of the answer, waiting for a free connection included. */
  readonly timeout: number;
  /** Asked right before the first byte: a call may have waited for a connection while others took this process's jobs. */
  readonly maySend?: (() => boolean) | undefined;
}

export function createTransport({ timeout, maySend = () => true }: TransportOptions): Transport {
  const pools = new Map<string, HttpPool>();
  // Nearly all calls go to the same.
  let latest: { readonly base: string; readonly pool: HttpPool } | undefined;

  function siteOf(url: string): { readonly base: string; readonly pool: HttpPool } {
    if (latest !== undefined && url.startsWith(latest.base)) return latest;
    const base = url.slice(0, url.indexOf("/", url.indexOf("//") + 2) + 1);
    let pool = pools.get(base);
    if (pool === undefined) {
      pool = new HttpPool(new URL(base), { most: CONNECTIONS, timeout });
      pools.set(base, pool);
    }
    latest = { base, pool };
    return latest;
  }

  return {
    post(call) {
      return new Promise((resolve, reject) => {
        const { base, pool } = siteOf(call.url);
        const head = headOf(call, call.url.slice(base.length - 1), pool.host);
        const exchange = new Post(call, { head, resolve, reject, timeout, maySend });
        if (!exchange.isOver) pool.send(exchange);
      });
    },
    async close() {
      await Promise.all([...pools.values()].map((pool) => pool.close()));
      pools.clear();
      latest = undefined;
    },
  };
}

// What could end a line would begin a header, or a request, of somebody else's making.
const PATH = /^[\x21-\x7e]+$/;
const VALUE = /^[\t\x20-\x7e]*$/;

/** Up to the length of the body. @throws DeliveryError for what is no path, or no header */
function headOf(call: Call, path: string, host: string): string {
  if (!PATH.test(path)) throw unsentCall(call.what, "its address has characters that no address has");
  return `POST ${path} HTTP/1.1\r\nhost: ${host}\r\n${linesOf(call)}content-length: `;
}

const written = new WeakMap<Call["headers"], string>();

function linesOf({ headers, what }: Call): string {
  let lines = written.get(headers);
  if (lines !== undefined) return lines;
  lines = "";
  for (const [name, value] of Object.entries(headers)) {
    if (!VALUE.test(value)) throw unsentCall(what, `its header ${name} has characters that no header has`);
    lines += `${name}: ${value}\r\n`;
  }
  written.set(headers, lines);
  return lines;
}

interface PostOptions {
  readonly head: string;
  readonly timeout: number;
  maySend(): boolean;
  resolve(answer: Answer): void;
  reject(error: Error): void;
}

/** One call on its way. A class, since one is made for every call: its methods are made once. */
class Post implements Exchange {
  isOver = false;
  readonly head: string;
  readonly body: string | Uint8Array;
  readonly #call: Call;
  readonly #options: PostOptions;
  readonly #timer: NodeJS.Timeout;
  readonly #onAbort: (() => void) | undefined;
  #connection: { destroy(): void } | undefined;

  constructor(call: Call, options: PostOptions) {
    this.head = options.head;
    this.body = call.body;
    this.#call = call;
    this.#options = options;
    this.#timer = setTimeout(timeOut, options.timeout, this);
    const { signal } = call;
    if (signal === undefined) return;
    this.#onAbort = () => this.giveUp("was called off");
    if (signal.aborted) this.#onAbort();
    else signal.addEventListener("abort", this.#onAbort);
  }

  begin(connection: { destroy(): void }): boolean {
    if (!this.isOver && !this.#options.maySend()) this.giveUp("this process may have lost its jobs to another");
    if (this.isOver) return false;
    this.#connection = connection;
    return true;
  }

  answered(answer: Answer): void {
    if (this.isOver) return;
    this.#end();
    this.#options.resolve(answer);
  }

  failed(error: Error): void {
    const code = errorCode(error);
    if (this.#connection === undefined) {
      this.giveUp(`no connection to it (${code}); check the network and the API URL`, error);
    } else if (error instanceof AnswerError) this.giveUp(`had an answer that cannot be read: ${error.message}`, error);
    else this.giveUp(`lost its connection (${code})`, error);
  }

  timeOut(): void {
    this.giveUp(`had no answer within ${this.#options.timeout} ms`);
  }

  /** Until its first byte is written it is certainly not sent. */
  giveUp(why: string, cause?: unknown): void {
    if (this.isOver) return;
    this.#end();
    const connection = this.#connection;
    this.#options.reject((connection === undefined ? unsentCall : unsureCall)(this.#call.what, why, cause));
    connection?.destroy();
  }

  #end(): void {
    this.isOver = true;
    clearTimeout(this.#timer);
    if (this.#onAbort !== undefined) this.#call.signal?.removeEventListener("abort", this.#onAbort);
  }
}

const timeOut = (post: Post) => post.timeOut();
