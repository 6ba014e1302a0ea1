import { z } from "zod";
import { definePlugin } from "../../core/index.ts";

/**
 * Says that the pizza is on its way when somebody asks for it: only to the staff where the platform tells staff and
 * customers apart, to everybody elsewhere.
 *
 * @example
 * plugins: [pizza({ words: ["pizza", "calzone"], text: "Coming!" }, { on: ["slack"] })]
 */
export const pizza = definePlugin({
  name: "pizza",
  options: z.object({
    /** Whole words, in any case. */
    words: z.array(z.string().trim().min(1)).min(1).default(["pizza"]),
    text: z.string().min(1).default("Pizza is on the way!"),
  }),
  setup(bot, { words, text }) {
    bot.hears(words, (ctx) => ctx.reply({ text, visibility: "agents" }));
  },
});
