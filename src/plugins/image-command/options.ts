import { z } from "zod";
import { type Duration, parseDuration } from "../../core/index.ts";
import type { DrawRequest } from "./generators/generator.ts";
import type { ImageCommand } from "./request.ts";

const duration = z.custom<Duration>(
  (value) => (typeof value === "string" || typeof value === "number") && (parseDuration(value) ?? 0) > 0,
  "must be a duration such as `2m`",
);
const text = z.string().min(1);

const COMMANDS: readonly ImageCommand[] = [
  { word: "moerand", seed: "random", truncation: 0.55, prefix: "", help: "a random picture" },
  { word: "moemess", seed: "random", truncation: 1, prefix: "mess", help: "a wild one" },
  { word: "moename", seed: "text", truncation: 0.55, prefix: "", help: "the picture of a name or a number" },
];

const command = z.strictObject({
  word: z.string().trim().min(1).describe("Found anywhere in a text, in any case."),
  seed: z
    .enum(["random", "text", "number"])
    .describe(
      "Where the seed comes from: chance (`random`), the words beside the command (`text`) or a number there (`number`).",
    ),
  truncation: z.number().min(-1).max(1).default(0.55).describe("How far the picture may stray from the average."),
  prefix: z
    .string()
    .regex(/^[a-z0-9-]*$/i, "letters, digits and hyphens only")
    .default("")
    .describe("Begins the name of the picture's file."),
  help: z.string().default("a picture").describe("What it makes, for the help."),
});

const commands = z
  .array(command)
  .min(1)
  .superRefine((list, check) => {
    const truncations = new Map<string, number>();
    for (const [index, { prefix, truncation }] of list.entries()) {
      const other = truncations.get(prefix) ?? truncation;
      truncations.set(prefix, other);
      // They would take each other's pictures from the cache.
      if (other !== truncation) {
        const message = `another command with this prefix has truncation ${other}; give one of them another prefix`;
        check.addIssue({ code: "custom", path: [index, "prefix"], message });
      }
    }
  });

const generator = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("portrait"),
    size: z.int().min(16).max(4096).default(512).describe("Width and height, in pixels."),
  }),
  z.strictObject({
    kind: z.literal("http"),
    baseUrl: z.url({ protocol: /^https?$/ }).describe("What stands before `/images/generations`."),
    apiKey: z.string().optional().describe("Sent as a bearer token."),
    model: z.string().optional().describe("Left to the service by default."),
    prompt: text.default("Portrait of an anime girl, variation {seed}").describe("May hold `{seed}`, `{truncation}`."),
    size: text.default("1024x1024").describe("Width x height."),
    fields: z
      .record(z.string(), z.json())
      .default({})
      .describe('More of the request, for example `{ seed: "{seed}" }`.'),
  }),
  z.strictObject({
    kind: z.literal("command"),
    program: text.describe("Run without a shell."),
    args: z
      .array(z.string())
      .default([])
      .describe(
        "May hold `{seed}`, `{truncation}`, and `{file}` for where to write; else it writes to standard output.",
      ),
    folder: text.optional().describe("Where it runs. The bot's own by default."),
  }),
  z.strictObject({
    kind: z.literal("own"),
    draw: z
      .custom<(request: DrawRequest) => Promise<Uint8Array>>(
        (value) => typeof value === "function",
        "must be a function",
      )
      .describe("`({ seed, truncation, signal })` to the bytes of a PNG."),
  }),
]);

const texts = z.strictObject({
  picture: text.default("Here's your generated anime girl!").describe("With the picture."),
  alt: text.default("A generated portrait, seed {seed}").describe("The picture in words."),
  noName: text.default("Say `{word}` and a name, for example `{word} Ada`.").describe("A command without its text."),
  noSeed: text.default("No seed provided").describe("A command without its number."),
  outOfRange: text.default("Enter a number between 0 and 2^32 -1").describe("A number that is no seed."),
  tooMany: text.default("That is enough for now. Try again later.").describe("More than `perPerson` allows."),
  help: text
    .default("This is what I can draw:\n{commands}")
    .describe("For a message to the bot that nobody understood."),
  left: text
    .default("You will get no more pictures from me. Say `start` to change that.")
    .describe("After an opt-out."),
  back: text.default("Welcome back!\n{commands}").describe("After an opt-in."),
  noPicture: text.default("(The picture could not be sent here.)").describe("Follows `picture` where that is so."),
  failed: text.default("Uh oh something bad happened and idk what it was").describe("After the last attempt."),
});

/** What `imageCommand` takes. */
export const options = z.object({
  commands: commands.default([...COMMANDS]).describe("The words, in the order in which they count."),
  generator: generator.prefault({ kind: "portrait" }).describe("What draws: `portrait`, `http`, `command` or `own`."),
  anyone: z
    .array(z.string())
    .default([])
    .describe(
      "Adapters on which a command counts in every message, not only in those to the bot; there is no help there.",
    ),
  texts: texts.prefault({}).describe("What the bot says."),
  perPerson: z
    .union([
      z.strictObject({
        count: z.int().min(1).describe("So many requests"),
        per: duration.describe("within this time, such as `1h`."),
      }),
      z.literal(false),
    ])
    .default({ count: 20, per: "1h" })
    .describe("How many requests of one person are answered; `false` for all."),
  leave: z
    .array(text)
    .default(["stop", "unsubscribe"])
    .describe("Who says nothing but this to the bot hears no more of it."),
  comeBack: z.array(text).default(["start"]).describe("Takes that back."),
  help: z.boolean().default(true).describe("Answer messages to the bot that nobody understood."),
  cacheDir: text.default("data/pictures").describe("Where pictures are kept. May be emptied at any time."),
  maxBytes: z.int().min(1000).default(5_000_000).describe("The largest picture; platforms take about 5 MB."),
  pool: text.default("gpu").describe("Which workers draw. `hobnob start` serves every pool."),
  atOnce: z.int().min(1).default(1).describe("How many pictures a worker draws at the same time."),
  timeout: duration.default("2m").describe("The longest that one drawing may take."),
  attempts: z
    .int()
    .min(1)
    .default(8)
    .describe("How often a picture is tried before the person is told that none comes."),
});

export type Options = z.output<typeof options>;
