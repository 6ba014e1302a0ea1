import type { Context, Event, SentMessage, SentReply } from "../../core/index.ts";
import { openMemory } from "./memory.ts";
import type { AskApiOptions } from "./options.ts";
import { type Outcome, readAnswer } from "./read.ts";
import { toMarkdown } from "./render.ts";

/** Asks the backend, once, and shows its answer as it comes: in one message that grows, or whole where nothing can be edited. */
export async function answer(ctx: Context, text: string, options: AskApiOptions): Promise<void> {
  const waiting = await showLife(ctx, options);
  const grows = ctx.can("edit") && !isForFew(ctx.event) && ctx.event.kind !== "command";
  const { pieces, begun, outcome } = ask(ctx, text, options);
  try {
    if (grows && (await begun)) {
      const removal = waiting.end();
      const stream = ctx.stream(pieces, { render: toMarkdown });
      await together([removal, stream, outcome]);
      await sayEnd(ctx, await outcome, options);
    } else {
      const result = await outcome;
      await waiting.end();
      await sayWhole(ctx, result, options);
    }
  } finally {
    waiting.stop();
  }
}

/** The last word, when a question has become a dead letter: no waiting text is left, and the person knows. */
export async function apologise(ctx: Context, options: AskApiOptions): Promise<void> {
  const left = await ctx.store.get<SentMessage>(waitingKey(ctx.event));
  if (left !== undefined) await ctx.sent(left).delete?.();
  await say(ctx, errorText(ctx, options));
  await ctx.store.delete(waitingKey(ctx.event));
}

interface Asking {
  readonly pieces: ReadableStream<string>;
  /** True with the first piece that shows; false when there is none. */
  readonly begun: Promise<boolean>;
  readonly outcome: Promise<Outcome>;
}

// The outcome is kept: what fails on our side later never asks the backend again.
function ask(ctx: Context, question: string, options: AskApiOptions): Asking {
  let controller: ReadableStreamDefaultController<string> | undefined;
  const pieces = new ReadableStream<string>({
    start(given) {
      controller = given;
    },
  });
  const { promise: begun, resolve: begin } = Promise.withResolvers<boolean>();
  const { platform } = ctx;
  const memory = openMemory(ctx, options);
  let text = "";
  let isShown = false;

  function onPiece(piece: string) {
    controller?.enqueue(piece);
    if (isShown) return;
    text += piece;
    isShown = toMarkdown(text).trim() !== "";
    if (isShown) begin(true);
  }
  async function read(): Promise<Outcome> {
    const recalled = options.format === "openai" ? await memory.recall() : [];
    const conversation = ctx.event.conversation.id;
    return readAnswer(ctx, { text: question, platform, conversation, memory: recalled }, { options, onPiece });
  }
  async function run(): Promise<Outcome> {
    try {
      const result = await ctx.once("answer", read);
      // Of an earlier attempt.
      if (text === "") onPiece(result.text);
      const isWorthIt = options.format === "openai" && result.end !== "failed" && result.text !== "";
      if (isWorthIt) await memory.remember(question, result.text);
      return result;
    } finally {
      begin(false);
      controller?.close();
    }
  }
  const outcome = run();
  // Whoever waits for it may fail first.
  outcome.catch(() => {});
  return { pieces, begun, outcome };
}

interface Life {
  /** Takes the waiting text away. */
  end(): Promise<void>;
  stop(): void;
}

const TYPING_EVERY_MS = 4000;

/** Shows that the question was heard: by typing, by a text that is deleted later, or not at all where it would stay. */
async function showLife(ctx: Context, { waitText, ack }: AskApiOptions): Promise<Life> {
  if (ctx.typing !== undefined && !isForFew(ctx.event)) {
    await ctx.typing();
    const timer = setInterval(() => void ctx.typing?.(), TYPING_EVERY_MS);
    const stop = () => clearInterval(timer);
    return { end: async () => stop(), stop };
  }
  const isTemporary = ctx.can("edit") && ctx.can("delete") && !isForFew(ctx.event);
  const isSaid = ack || ctx.event.kind === "command";
  const post: SentReply | undefined = isTemporary && !isSaid ? await ctx.reply(waitText) : ctx.ack;
  if (post?.delete === undefined) return { end: async () => {}, stop() {} };
  const { id, conversation } = post;
  // For `apologise`, which runs after all attempts.
  await ctx.store.set(waitingKey(ctx.event), { id, conversation } satisfies SentMessage, { ttl: "3d" });
  return {
    async end() {
      await post.delete?.();
      await ctx.store.delete(waitingKey(ctx.event));
    },
    stop() {},
  };
}

const waitingKey = ({ conversation: { adapter, id }, id: message }: Event) => `waiting:${adapter}/${id}/${message}`;

// Below what came of it.
async function sayEnd(ctx: Context, { end }: Outcome, options: AskApiOptions): Promise<void> {
  if (end === "failed") await say(ctx, errorText(ctx, options));
  if (end === "stopped") await say(ctx, options.stoppedText);
  if (end === "cut") await say(ctx, options.cutText);
}

// Half an answer that will never grow is worth less than the plain word that it failed.
async function sayWhole(ctx: Context, outcome: Outcome, options: AskApiOptions): Promise<void> {
  const isWorthIt = outcome.end === "complete" || outcome.end === "cut";
  if (isWorthIt) await say(ctx, toMarkdown(outcome.text));
  await sayEnd(ctx, outcome, options);
}

/** To those who could see the question. */
async function say(ctx: Context, text: string): Promise<void> {
  await ctx.reply({ text, visibility: visibilityOf(ctx.event) });
}

function errorText(ctx: Context, { errorText, plainErrorText }: AskApiOptions): string {
  return ctx.can("edit") ? errorText : plainErrorText;
}

const visibilityOf = (event: Event) => (event.kind === "message" ? (event.visibility ?? "everyone") : "everyone");
const isForFew = (event: Event) => visibilityOf(event) !== "everyone";

/** Waits for all of them, and only then fails for the first that did: none goes on behind the handler's back. */
async function together(promises: readonly Promise<unknown>[]): Promise<void> {
  const results = await Promise.allSettled(promises);
  const failed = results.find((result) => result.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}
