import { chmodSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { connect } from "node:net";
import { errorCode, errorMessage, type Log, type Storage } from "../core/index.ts";
import { createOperator, type Operator } from "./operator.ts";
import { ownFolder, removeSocket, socketPaths } from "./operator-socket.ts";

export interface OperatorServer {
  close(): Promise<void>;
}

/**
 * Lets the operator's commands reach a running bot, whose storage no second process can open: a socket for this user only.
 * A machine on which none can be made costs a warning, not the bot.
 */
export async function serveOperator(storage: Storage, log: Log): Promise<OperatorServer> {
  const operator = createOperator(storage);
  const server = createServer((req, res) => void answer(operator, req, res));
  let reason: unknown;
  for (const path of socketPaths(storage.name)) {
    try {
      if (!ownFolder(path)) continue;
      await listenAt(server, path);
      return { close: () => new Promise((resolve) => void server.close(() => resolve()).closeAllConnections()) };
    } catch (error) {
      reason = error;
    }
  }
  log.warn(
    { code: errorCode(reason) },
    `No socket for the operator's commands (${errorMessage(reason)}): audit, jobs and dead work only while the bot is stopped.`,
  );
  return { close: async () => {} };
}

async function listenAt(server: Server, path: string): Promise<void> {
  try {
    await listen(server, path);
  } catch (error) {
    if (errorCode(error) !== "EADDRINUSE" || (await isAnswered(path))) throw error;
    removeSocket(path);
    await listen(server, path);
  }
  // A socket never goes with a bot's life: whoever may write to it may discard jobs.
  if (process.platform !== "win32") chmodSync(path, 0o600);
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    // Bound within this call: there is no moment in which others could connect.
    const before = process.umask(0o177);
    server.listen(path, () => {
      server.off("error", reject);
      resolve();
    });
    process.umask(before);
  });
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

/** `POST /<method>` with the arguments as a JSON list; a result that is undefined is null. */
async function answer(operator: Operator, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const send = (status: number, body: unknown) =>
    res.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  try {
    const name = (req.url ?? "/").slice(1);
    if (req.method !== "POST" || !Object.hasOwn(operator, name)) {
      const message = `The running bot does not know \`${name}\`: it is of another version. Restart it.`;
      return void send(404, { error: { code: "OPERATOR_UNKNOWN", message } });
    }
    let text = "";
    for await (const chunk of req.setEncoding("utf8")) text += chunk;
    const call = operator[name as keyof Operator] as (...args: unknown[]) => Promise<unknown>;
    send(200, { result: (await call(...(JSON.parse(text) as unknown[]))) ?? null });
  } catch (error) {
    send(500, { error: { code: errorCode(error), message: errorMessage(error) } });
  }
}
