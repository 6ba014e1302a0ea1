import { z } from "zod";
import { parseDuration } from "../../core/index.ts";

const path = z.string().regex(/^\/\S*$/, "begin it with a slash");
// The address is shown to whoever asks at a `pingPaths`.
const address = z.url({ protocol: /^https?$/ }).refine((url) => !url.includes("@"), "put no password into it");
const duration = z
  .string()
  .refine((text) => parseDuration(text) !== undefined, 'use a duration such as "30s"')
  .transform((text) => parseDuration(text) ?? 0);
const text = z.string().min(1);
const words = z.array(z.string().trim().min(1));

/** What an operator can set. The texts are French; `english` has the others. */
export const askApiOptions = z.object({
  url: z
    .union([z.literal(""), address])
    .optional()
    .describe("Where a question is POSTed to. Without it the sandbox's backend answers"),
  streaming: z.boolean().default(true).describe("The backend answers piece by piece"),
  format: z
    .enum(["query", "openai"])
    .default("query")
    .describe("`query`: `{query, type, user_name}`, answered with text; `openai`: chat completions"),
  token: z.string().optional().describe("Sent as `Authorization: Bearer …`"),
  headers: z.record(z.string(), z.string()).default({}).describe("Further headers of every question"),
  model: z.string().default("default").describe("For `openai`: the model's name"),
  system: z.string().default("").describe("For `openai`: what the model is told first"),
  memoryMessages: z.int().min(0).default(20).describe("For `openai`: messages that are remembered of a conversation"),
  memoryCharacters: z.int().min(0).default(12_000).describe("For `openai`: characters that are remembered"),
  memoryTtl: duration.prefault("1d").describe("For `openai`: how long an idle conversation is remembered"),
  timeout: duration.prefault("60s").describe("How long an answer may take as a whole"),
  silence: duration.prefault("20s").describe("How long the backend may pause between two pieces"),
  longestQuestion: z.int().min(1).default(4000).describe("Characters of a question"),
  longestAnswer: z.int().min(1).default(40_000).describe("Characters of an answer; the rest is cut off, which is said"),
  listen: z
    .enum(["addressed", "unclaimed", "everything"])
    .default("addressed")
    .describe("What is a question: what is said to the bot; of that, what no other plugin wants; or every message"),
  command: z.string().default("ask").describe("Slash command for a question; empty: none"),
  ack: z
    .boolean()
    .default(false)
    .describe("Say `waitText` as the immediate answer, where it stays: for platforms on which nothing else shows life"),
  stopWords: words.default(["stop", "annule", "annuler"]).describe("Said alone, they stop the answers to this person"),
  forgetWords: words.default(["oublie", "forget"]).describe("Said alone, they empty the memory of this conversation"),
  pingPaths: z.array(path).default([]).describe("Paths at which a GET is answered with the backend's own ping"),
  pingUrl: address.optional().describe("The backend's ping. Default: `/ping` on the host of `url`"),
  waitText: text
    .default("_Un instant ..._ Je réfléchis à votre question :hourglass_flowing_sand:")
    .describe("Shown until the answer begins, where it can be deleted then"),
  errorText: text
    .default("Impossible de contacter le chatbot pour le moment.\nMerci de réessayer plus tard")
    .describe("The backend did not answer, or broke off"),
  plainErrorText: text
    .default("Une erreur s'est produite. Veuillez réessayer plus tard.")
    .describe("The same where answers come whole, as by SMS"),
  stoppedText: text.default("_Réponse interrompue._").describe("An answer was stopped"),
  nothingToStopText: text.default("Aucune réponse n'est en cours.").describe("There is nothing to stop"),
  forgottenText: text.default("C'est oublié.").describe("The memory is empty now"),
  cutText: text
    .default("_La réponse était trop longue ; la suite manque._")
    .describe("Below an answer that was cut off"),
  tooLongText: text
    .default("Votre question est trop longue. Merci de la résumer en {max} caractères au plus.")
    .describe("Said to a question that is too long"),
});

/** The options with their defaults; durations in milliseconds. */
export type AskApiOptions = Readonly<z.output<typeof askApiOptions>>;
