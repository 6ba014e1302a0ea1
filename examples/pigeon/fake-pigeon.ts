// fake-pigeon.ts
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import type { BotSide, PlatformUnderTest, ShownPost, Trouble } from "hobnob/testing";
import { pigeon } from "./pigeon.ts";

const SECRET = "wings";

/** Pigeon Post as far as the adapter uses it. */
export async function openPigeonPost(bot: BotSide): Promise<PlatformUnderTest> {
  const posts: (ShownPost & { readonly id: string; readonly ref: string })[] = [];
  const troubles: Trouble[] = [];
  let messages = 0;

  const server = createServer(async (request, response) => {
    const answer = (status: number, body: object = {}) => response.writeHead(status).end(JSON.stringify(body));
    if (request.headers["x-secret"] !== SECRET) return answer(401);
    if (request.method === "GET") {
      const wanted = decodeURIComponent(request.url!.slice("/posts/".length));
      const post = posts.find(({ ref }) => ref === wanted);
      return post === undefined ? answer(404) : answer(200, post);
    }
    const { text, ref } = (await json(request)) as { text: string; ref: string };
    const trouble = troubles.shift();
    if (trouble === "429" || trouble === "500") return answer(Number(trouble));
    if (trouble === "timeout") return;
    if (text.length > 1000) return answer(400);
    posts.push({ id: `post-${posts.length}`, ref, text, attachments: [], buttons: [] });
    return trouble === "lost-answer" ? request.destroy() : answer(200, posts.at(-1));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");

  const sign: PlatformUnderTest["sign"] = ({ body, contentType = "application/json" }) => ({
    method: "POST",
    path: "/pigeon",
    query: "",
    headers: { "x-secret": SECRET, "content-type": contentType },
    body: Buffer.from(body),
  });

  return {
    adapter: pigeon({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, secret: SECRET }),
    secrets: [SECRET],
    sign,
    forge: (request) => [
      { ...request, headers: {} },
      { ...request, headers: { "x-secret": "wing" } },
    ],
    async say(text) {
      const message = { id: `message-${messages++}`, room: "loft", from: "ada", text, at: Date.now() };
      await bot.deliver(sign({ body: JSON.stringify(message) }));
    },
    posts: async () => [...posts],
    async fail(kind, times) {
      troubles.push(...Array<Trouble>(times).fill(kind));
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}
