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
    words: z
      .array(z.string().trim().min(1))
      .min(1)
      .default(["pizza"])
      .describe("Words or phrases it hears: whole words, in any case."),
    text: z.string().min(1).default("Pizza is on the way!").describe("What it says."),
    ignoreStaff: z
      .boolean()
      .default(false)
      .describe("Hear customers only, where the platform tells staff and customers apart."),
  }),
  setup(bot, { words, text, ignoreStaff }) {
    bot.hears(words, (ctx) => ctx.reply({ text, visibility: "agents" }), {
      accepts: ({ author }) => !(ignoreStaff && author.isAgent),
    });
  },
});
