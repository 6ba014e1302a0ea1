import { fill, type Message, type PluginBot } from "../../core/index.ts";
import type { Options } from "./options.ts";
import type { People } from "./people.ts";
import { wholePattern } from "./request.ts";

/** Listens to people who want to hear no more, and to those who want to again. */
export function hearWishes(
  bot: PluginBot,
  { people, options, list }: { readonly people: People; readonly options: Options; readonly list: string },
): void {
  const { leave, comeBack, texts } = options;
  if (leave.length === 0) return;
  const accepts = ({ isMention }: Message) => isMention;

  bot.hears(
    wholePattern(leave),
    async (ctx) => {
      if (await people.hasLeft(ctx.message)) return;
      await ctx.reply(texts.left);
      await people.leave(ctx.message);
    },
    { name: "leave", accepts },
  );

  if (comeBack.length === 0) return;
  bot.hears(
    wholePattern(comeBack),
    async (ctx) => {
      const hasLeft = await ctx.once("left", () => people.hasLeft(ctx.message));
      await people.comeBack(ctx.message);
      await ctx.reply(fill(hasLeft ? texts.back : texts.help, { commands: list }));
    },
    { name: "come back", accepts },
  );
}
