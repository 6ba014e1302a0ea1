import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { silentLog } from "../../src/core/index.ts";
import { startServer } from "../../src/server/index.ts";
import { openBot, plugin } from "../core/stage.ts";

async function ask(answer: () => Response | Promise<Response>) {
  await using stage = await openBot([plugin("p", (bot) => bot.webhook("/hook", answer))]);
  const server = await startServer({ bot: stage.bot, host: "127.0.0.1", port: 0, log: silentLog });
  const answers: { status: number; text: string; cookies: readonly string[]; type: string | null }[] = [];
  try {
    for (const method of ["POST", "GET"]) {
      const response = await fetch(`${server.url}/hook`, { method });
      const { status, headers } = response;
      const type = headers.get("content-type");
      answers.push({ status, text: await response.text(), cookies: headers.getSetCookie(), type });
    }
  } finally {
    await server.stop();
  }
  // The plain road and the one over node:http.
  expect(answers[0]).toEqual(answers[1]);
  return answers[0]!;
}

test("an answer may bring its own length", async () => {
  const own = () => new Response("hi", { headers: { "content-length": "2" } });
  expect(await ask(own)).toMatchObject({ status: 200, text: "hi" });
});

test("a backend's answer may be passed on", async () => {
  const backend = createServer((_, response) => {
    response.setHeader("content-type", "text/x-backend");
    response.write("from the ");
    response.end("backend");
  }).listen(0, "127.0.0.1");
  await once(backend, "listening");
  const url = `http://127.0.0.1:${(backend.address() as AddressInfo).port}/`;
  expect(await ask(() => fetch(url))).toMatchObject({ status: 200, text: "from the backend", type: "text/x-backend" });
  backend.close();
});

test("each cookie is set", async () => {
  const headers = new Headers();
  for (const cookie of ["a=1; Path=/", "b=2"]) headers.append("set-cookie", cookie);
  expect(await ask(() => new Response("", { headers }))).toMatchObject({ cookies: ["a=1; Path=/", "b=2"] });
});

test("an answer without a status is ours to give, and ends no process", async () => {
  expect(await ask(() => Response.error())).toMatchObject({ status: 500 });
});
