import { createHmac, timingSafeEqual } from "node:crypto";
import { Agent, createServer, request as httpRequest, type IncomingMessage } from "node:http";
import { REPLY } from "./event.ts";

// The least that can answer these events: no framework, nothing stored. What no bot on Node can be faster than.
const { PORT, SLACK_API_URL, SLACK_SIGNING_SECRET = "", SLACK_BOT_TOKEN } = process.env;
const agent = new Agent({ keepAlive: true, maxSockets: 64 });
const api = new URL("chat.postMessage", SLACK_API_URL);

createServer((request, response) => {
  const parts: Buffer[] = [];
  request.on("data", (part: Buffer) => parts.push(part));
  request.on("end", () => {
    const body = Buffer.concat(parts);
    if (!isSigned(request, body)) {
      response.writeHead(401).end();
      return;
    }
    const { event } = JSON.parse(body.toString()) as { event: { channel: string; text: string } };
    response.writeHead(200, { "content-length": 0 }).end();
    if (/\bpizza\b/i.test(event.text)) reply(event.channel);
  });
}).listen(Number(PORT), "127.0.0.1", () => process.send?.("ready"));

function isSigned(request: IncomingMessage, body: Buffer): boolean {
  const { "x-slack-request-timestamp": time, "x-slack-signature": given } = request.headers;
  if (typeof given !== "string" || Math.abs(Date.now() / 1000 - Number(time)) > 300) return false;
  const expected = createHmac("sha256", SLACK_SIGNING_SECRET).update(`v0:${time}:`).update(body).digest("hex");
  const [left, right] = [Buffer.from(given), Buffer.from(`v0=${expected}`)];
  return left.length === right.length && timingSafeEqual(left, right);
}

function reply(channel: string): void {
  const body = new URLSearchParams({ channel, text: REPLY }).toString();
  const headers = {
    authorization: `Bearer ${SLACK_BOT_TOKEN}`,
    "content-type": "application/x-www-form-urlencoded",
    "content-length": Buffer.byteLength(body),
  };
  const request = httpRequest(api, { method: "POST", agent, headers }, (response) => {
    let answer = "";
    response.setEncoding("utf8").on("data", (part: string) => {
      answer += part;
    });
    response.on("end", () => JSON.parse(answer));
  });
  request.on("error", () => undefined);
  request.end(body);
}
