import { z } from "zod";
import { definePlugin, errorMessage } from "../../core/index.ts";

const path = z.string().regex(/^\/\S*$/, "begin it with a slash");
// The URL is shown to whoever asks.
const backend = z.url({ protocol: /^https?$/ }).refine((url) => !url.includes("@"), "put no password into it");

/**
 * Answers a GET with `pong`, and at further paths with what a backend says to a ping of its own: two questions that tell
 * whether the bot is down or what stands behind it.
 *
 * @example
 * plugins: [ping({ backends: { "/twilio/ping-api": "http://code-doc-api:8282/ping" } })]
 */
export const ping = definePlugin({
  name: "ping",
  options: z.object({
    path: path.default("/ping"),
    /** By path: the backend's URL. Its text is passed on; without one, 502 and what went wrong. Whoever knows the path can read it. */
    backends: z.record(path, backend).default({}),
    /** Milliseconds a backend may take. */
    timeout: z.int().min(1).default(5000),
  }),
  setup(bot, { path, backends, timeout }) {
    bot.webhook(path, (request) => answer(request, async () => text(200, "pong")));
    for (const [at, url] of Object.entries(backends)) {
      bot.webhook(at, (request) => answer(request, () => ask(url, timeout)));
    }
  },
});

const LONGEST = 10_000;

async function answer({ method }: Request, say: () => Promise<Response>): Promise<Response> {
  if (method === "GET" || method === "HEAD") return say();
  return new Response("Ask with GET.", { status: 405, headers: { allow: "GET, HEAD" } });
}

async function ask(url: string, timeout: number): Promise<Response> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(timeout) });
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    return text(200, (await response.text()).slice(0, LONGEST));
  } catch (error) {
    return text(502, `While fetching '${url}', occurs error: ${reasonOf(error)}`);
  }
}

// What fetch itself says is "fetch failed"; the reason is its cause.
function reasonOf(error: unknown): string {
  return errorMessage(error instanceof TypeError && error.cause instanceof Error ? error.cause : error);
}

function text(status: number, body: string): Response {
  const headers = { "content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff" };
  return new Response(body, { status, headers });
}
