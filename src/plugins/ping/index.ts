import { z } from "zod";
import { definePlugin } from "../../core/index.ts";

/**
 * Answers a GET with `pong`, for whoever wants to know whether the bot is there.
 *
 * @example
 * plugins: [ping({ path: "/alive" })]
 */
export const ping = definePlugin({
  name: "ping",
  options: z.object({
    path: z
      .string()
      .regex(/^\/\S*$/, "begin it with a slash")
      .default("/ping")
      .describe("Where it answers"),
  }),
  setup(bot, { path }) {
    bot.webhook(path, ({ method }) => {
      if (method === "GET" || method === "HEAD") return new Response("pong");
      return new Response("Ask with GET.", { status: 405, headers: { allow: "GET, HEAD" } });
    });
  },
});
