import { type Context, definePlugin, type Event, type HandlerOptions } from "../../core/index.ts";
import { answer, apologise } from "./answer.ts";
import { openMemory } from "./memory.ts";
import { type AskApiOptions, askApiOptions } from "./options.ts";
import { answerPing, checkBackend } from "./ping.ts";
import { askToStop } from "./stop.ts";

export { english } from "./english.ts";

/**
 * Answers questions with what an HTTP backend says to them, as it comes. For several projects it stands in the config several
 * times, each with a name, a backend and a place of its own.
 *
 * @example
 * plugins: [
 *   askApi({ url: "http://code-doc-api:8282/rag/query/stream" }, { name: "code-doc", on: ["twilio-events"] }),
 *   askApi({ ...english, url: "https://models.example.com/v1/chat/completions", format: "openai" }, { on: ["slack"] }),
 * ]
 */
export const askApi = definePlugin({
  name: "ask-api",
  options: askApiOptions,
  service: {
    platform: "backend",
    missing: ({ url }, name) => (url ? [] : [urlName(name)]),
    check: (options, name) => checkBackend(pingUrlOf(options), urlName(name)),
  },
  setup(bot, options) {
    const { pingPaths, timeout, listen, command, stopWords, forgetWords } = options;

    if (stopWords.length > 0) bot.hears(alone(stopWords), (ctx) => stop(ctx, options), { lane: "stop", name: "stop" });
    if (forgetWords.length > 0) bot.hears(alone(forgetWords), (ctx) => forget(ctx, options), { name: "forget" });

    const asked: HandlerOptions<Event> = {
      name: "question",
      ack: (event) => {
        const isShort = questionOf(event).length <= options.longestQuestion;
        const isSaid = questionOf(event) !== "" && isShort && (options.ack || event.kind === "command");
        return isSaid ? options.waitText : undefined;
      },
      // The backend's own limits come first; what is left is for showing the answer.
      timeout: timeout + SHOWING_MS,
      failed: (ctx: Context) => apologise(ctx, options),
    };
    const question = (ctx: Context) => handle(ctx, options);
    if (command !== "") bot.command(command, question, { ...asked, name: "command" });
    if (listen === "addressed") bot.mention(question, asked);
    if (listen === "unclaimed") bot.fallback(question, asked);
    if (listen === "everything") bot.on("message", question, asked);

    for (const path of pingPaths) {
      bot.webhook(path, (request) => answerPing(pingUrlOf(options), request));
    }
  },
});

const SHOWING_MS = 120_000;

/** `ask-api` → `ASK_API_URL`, `code-doc` → `CODE_DOC_URL`. */
const urlName = (name: string) => `${name.toUpperCase().replace(/\W+/g, "_")}_URL`;

const pingUrlOf = ({ url, pingUrl }: AskApiOptions) => pingUrl ?? new URL("/ping", url).href;

/** A message that is one of these words and nothing else. */
function alone(words: readonly string[]): RegExp {
  return new RegExp(`^\\s*(?:${words.map((word) => word.replace(/\W/gu, "\\$&")).join("|")})\\s*[.!]*\\s*$`, "iu");
}

const questionOf = (event: Event) => ("text" in event ? event.text.trim() : "");

async function handle(ctx: Context, options: AskApiOptions): Promise<void> {
  const text = questionOf(ctx.event);
  if (text === "") return;
  if (isAmongPeople(ctx.event)) return;
  if (text.length <= options.longestQuestion) return answer(ctx, text, options);
  await ctx.reply(options.tooLongText.replaceAll("{max}", `${options.longestQuestion}`));
}

/** What the staff say to a customer is no question, even where the bot is a member of their chat. */
function isAmongPeople(event: Event): boolean {
  return event.kind === "message" && event.author.isAgent === true && (!event.isMention || event.conversation.isDirect);
}

async function stop(ctx: Context, { nothingToStopText }: AskApiOptions): Promise<void> {
  const isStopped = await askToStop(ctx);
  if (!isStopped && isAddressed(ctx)) await ctx.reply(nothingToStopText);
}

async function forget(ctx: Context, options: AskApiOptions): Promise<void> {
  if (!isAddressed(ctx)) return;
  await openMemory(ctx, options).forget();
  await ctx.reply(options.forgottenText);
}

const isAddressed = ({ event }: Context) => event.kind === "message" && event.isMention;
