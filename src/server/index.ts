import {
  createServer,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type RequestListener,
  type ServerResponse,
  validateHeaderName,
  validateHeaderValue,
} from "node:http";
import type { AddressInfo, Socket } from "node:net";
import {
  type Bot,
  errorMessage,
  HobnobError,
  jsonResponse,
  type Log,
  type WebhookRequest,
  type WebhookResponse,
} from "../core/index.ts";
import { Front } from "./front.ts";
import { splitTarget } from "./plain-head.ts";

export interface ServerOptions {
  readonly bot: Bot;
  /** The address to bind; `::` is every address. */
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** The largest body of a webhook, in bytes; a larger one gets 413. @default 1_000_000 */
  readonly bodyLimit?: number;
  readonly log: Log;
  /** Takes every path that is not the bot's: the sandbox. */
  readonly fallback?: (request: Request) => Response | Promise<Response>;
}

export interface Server {
  /** For people on this machine: `http://127.0.0.1:3000`. */
  readonly url: string;
  /** Takes no new connections, answers what has come in, closes. */
  stop(): Promise<void>;
}

// A platform sends a request at once; who takes longer only wants to hold a connection.
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 15_000;
// Longer than the usual 60 s of a load balancer, so that it is never our side that closes under its hands.
const KEEP_ALIVE_MS = 65_000;
const STOP_TIMEOUT_MS = 5_000;
// Who still sends should read the refusal, instead of a broken pipe.
const LINGER_MS = 5_000;

/**
 * Serves the bot's webhooks, `GET /health` (the process lives) and `GET /ready` (events can be stored).
 * @throws HobnobError `PORT_IN_USE`, `HOST_INVALID`
 */
export async function startServer({
  bot,
  host,
  port,
  bodyLimit = 1_000_000,
  log,
  fallback,
}: ServerOptions): Promise<Server> {
  const other = fallback === undefined ? undefined : await listenerOf(fallback);

  function handle(req: IncomingMessage, res: ServerResponse) {
    const { path, query } = splitTarget(req.url ?? "/");
    if (bot.serves(path)) {
      return readBody(req, res, bodyLimit, (body) => webhook(req, res, path, query, body));
    }
    if (path === "/health" || path === "/ready") return void health(req, res, path);
    if (other !== undefined) return other(req, res);
    send(res, jsonResponse(404, new HobnobError("NOT_FOUND", "Nothing answers at this path.")));
  }

  function webhook(req: IncomingMessage, res: ServerResponse, path: string, query: string, body: Uint8Array) {
    answer({ method: req.method ?? "GET", path, query, headers: req.headers, body }).then((response) => {
      if (front.isStopping) res.shouldKeepAlive = false;
      send(res, response);
    });
  }

  function answer(request: WebhookRequest): Promise<WebhookResponse> {
    return bot.webhook(request).then((response) => {
      if (isStatus(response.status)) {
        if (response.headers === undefined) return response;
        const headers = withoutOwn(response.headers);
        if (areHeaders(headers)) return headers === response.headers ? response : { ...response, headers };
      }
      log.error({ path: request.path }, "A webhook was answered with an invalid status or header.");
      return jsonResponse(500, new HobnobError("WEBHOOK_FAILED", "The answer could not be written."));
    });
  }

  async function health(req: IncomingMessage, res: ServerResponse, path: string) {
    if (req.method !== "GET" && req.method !== "HEAD") {
      const refusal = jsonResponse(405, new HobnobError("METHOD_NOT_ALLOWED", `${path} answers GET only.`));
      return send(res, { ...refusal, headers: { ...refusal.headers, allow: "GET, HEAD" } });
    }
    if (path === "/health") return send(res, { status: 200, headers: JSON_TYPE, body: '{"status":"ok"}' });
    try {
      await bot.ready();
      send(res, { status: 200, headers: JSON_TYPE, body: '{"status":"ready"}' });
    } catch (error) {
      send(
        res,
        jsonResponse(503, error instanceof HobnobError ? error : new HobnobError("NOT_READY", errorMessage(error))),
      );
    }
  }

  const server = createServer(
    { headersTimeout: HEADERS_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS, keepAliveTimeout: KEEP_ALIVE_MS },
    handle,
  );
  server.on("clientError", refuseBrokenRequest);
  const front = new Front(server, {
    bodyLimit,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    serves: bot.serves,
    webhook: answer,
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => {
      front.stop();
      reject(listenError(error, host, port));
    });
    server.listen(port, host, resolve);
  });
  server.on("error", (error) => log.error({}, `The HTTP server reports: ${error.message}`));

  return {
    url: `http://${shownHost(host)}:${(server.address() as AddressInfo).port}`,
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      front.stop();
      server.closeIdleConnections();
      const timer = setTimeout(() => {
        front.destroy();
        server.closeAllConnections();
      }, STOP_TIMEOUT_MS);
      await closed;
      clearTimeout(timer);
    },
  };
}

const JSON_TYPE = { "content-type": "application/json" };

function send(res: ServerResponse, { status, headers, body = "" }: WebhookResponse) {
  if (res.headersSent || res.destroyed) return;
  // With its length the answer leaves in one piece instead of in chunks.
  res.writeHead(status, { ...(headers as OutgoingHttpHeaders), "content-length": Buffer.byteLength(body) });
  res.end(body);
}

const isStatus = (status: number) => Number.isInteger(status) && status >= 200 && status <= 599;

// The server's own, for a connection and a body that only it knows.
const OWN_HEADERS = /^(?:content-length|date|connection|keep-alive|transfer-encoding)$/i;

function withoutOwn(headers: NonNullable<WebhookResponse["headers"]>): NonNullable<WebhookResponse["headers"]> {
  for (const name in headers) {
    if (OWN_HEADERS.test(name))
      return Object.fromEntries(Object.entries(headers).filter(([each]) => !OWN_HEADERS.test(each)));
  }
  return headers;
}

/** What could end a line would begin a header of somebody else's making. */
function areHeaders(headers: NonNullable<WebhookResponse["headers"]>): boolean {
  try {
    for (const [name, value] of Object.entries(headers)) {
      validateHeaderName(name);
      for (const one of typeof value === "string" ? [value] : value) validateHeaderValue(name, one);
    }
    return true;
  } catch {
    return false;
  }
}

function readBody(req: IncomingMessage, res: ServerResponse, limit: number, done: (body: Uint8Array) => void) {
  if (Number(req.headers["content-length"] ?? 0) > limit) return refuseBody(req, res, limit);
  let first: Buffer | undefined;
  let rest: Buffer[] | undefined;
  let size = 0;
  req.on("data", (chunk: Buffer) => {
    size += chunk.length;
    if (size > limit) {
      first = rest = undefined;
      req.removeAllListeners("data").removeAllListeners("end");
      return refuseBody(req, res, limit);
    }
    if (first === undefined) first = chunk;
    else if (rest === undefined) rest = [first, chunk];
    else rest.push(chunk);
  });
  req.on("end", () => done(rest === undefined ? (first ?? EMPTY) : Buffer.concat(rest)));
}

const EMPTY = new Uint8Array();

function refuseBody(req: IncomingMessage, res: ServerResponse, limit: number) {
  const {
    status,
    headers,
    body = "",
  } = jsonResponse(413, new HobnobError("BODY_TOO_LARGE", `The body is larger than ${limit} bytes.`));
  res.writeHead(status, { ...headers, "content-length": Buffer.byteLength(body), connection: "close" });
  res.write(body);
  // What still comes is thrown away. The end of an answer closes its connection, and a proxy that is cut off while it
  // sends takes that for a failure of ours.
  req.on("end", () => res.end()).resume();
  setTimeout(() => req.destroy(), LINGER_MS).unref();
}

function refuseBrokenRequest(error: NodeJS.ErrnoException, socket: Socket) {
  if (!socket.writable) return;
  const status = {
    ERR_HTTP_REQUEST_TIMEOUT: "408 Request Timeout",
    HPE_HEADER_OVERFLOW: "431 Request Header Fields Too Large",
  }[error.code ?? ""];
  const body = '{"error":{"code":"BAD_REQUEST","message":"The request could not be read."}}';
  socket.end(
    `HTTP/1.1 ${status ?? "400 Bad Request"}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`,
  );
  setTimeout(() => socket.destroy(), LINGER_MS).unref();
}

/** Imported only where it is used: the production road does without it. */
async function listenerOf(fetch: (request: Request) => Response | Promise<Response>): Promise<RequestListener> {
  const { getRequestListener } = await import("@hono/node-server");
  return getRequestListener(fetch);
}

function listenError(error: NodeJS.ErrnoException, host: string, port: number): HobnobError {
  if (error.code === "EADDRINUSE") {
    return new HobnobError(
      "PORT_IN_USE",
      `Port ${port} is in use, by another program or by this bot. Stop that, or choose another: --port ${port + 1}.`,
      { cause: error },
    );
  }
  const remedy =
    error.code === "EACCES"
      ? "Ports below 1024 need more rights: choose a higher one."
      : "Check `server.host` in the config.";
  return new HobnobError("HOST_INVALID", `Cannot listen on ${host} port ${port}: ${error.message}. ${remedy}`, {
    cause: error,
  });
}

function shownHost(host: string): string {
  if (host === "::" || host === "0.0.0.0") return "127.0.0.1";
  return host.includes(":") ? `[${host}]` : host;
}
