import { STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import type { WebhookResponse } from "../core/index.ts";

/**
 * Writes an answer to a plain request, in one piece. Returns false when the other side does not take it as fast as it
 * comes: nothing more should be read before `drain`.
 * @param keepAlive milliseconds for which the connection stays open; 0 when this answer is its last
 */
export function writePlainAnswer(socket: Socket, response: WebhookResponse, keepAlive: number): boolean {
  const { status, headers, body = "" } = response;
  const length = typeof body === "string" ? Buffer.byteLength(body) : body.length;
  let head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? "unknown"}\r\n`;
  for (const name in headers) {
    const value = headers[name]!;
    if (typeof value === "string") head += `${name}: ${value}\r\n`;
    else for (const one of value) head += `${name}: ${one}\r\n`;
  }
  head += `content-length: ${length}\r\ndate: ${httpDate()}\r\n`;
  head += keepAlive > 0 ? `connection: keep-alive\r\nkeep-alive: timeout=${keepAlive / 1000}\r\n\r\n` : LAST;
  if (typeof body === "string" && length === body.length) return socket.write(head + body, "latin1");
  socket.cork();
  socket.write(head, "latin1");
  const isTaken = socket.write(body);
  socket.uncork();
  return isTaken;
}

const LAST = "connection: close\r\n\r\n";

let date: string | undefined;

/** Made once a second. https://www.rfc-editor.org/rfc/rfc9110#section-5.6.7 */
function httpDate(): string {
  if (date === undefined) {
    const now = new Date();
    date = now.toUTCString();
    setTimeout(() => (date = undefined), 1000 - now.getMilliseconds()).unref();
  }
  return date;
}
