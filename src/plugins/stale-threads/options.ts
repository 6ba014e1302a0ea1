import { z } from "zod";
import { parseDuration } from "../../core/index.ts";
import { isTimeZone } from "./dates.ts";

const text = (otherwise: string) => z.string().trim().min(1).default(otherwise);

/** The longest time that can be asked for, in days. */
export const MOST_DAYS = 3650;
const days = z.int().min(0).max(MOST_DAYS);
const timeZone = z.string().refine(isTimeZone, "name a time zone such as Europe/Paris");

const texts = z.strictObject({
  wait: text("Getting stale threads. This will take a couple of seconds.").describe("At once, while the list is made."),
  head: text("Here are your stale threads:").describe("Above the list."),
  headAsked: text("These threads are waiting for you:").describe("Above a list of `asked` threads."),
  line: text("{thread} last updated on {date}").describe("A line of the list; `{thread}` is the link with the title."),
  untitled: text("(no title)").describe("In place of an empty title."),
  none: text("You have no stale threads, congrats!").describe("In place of an empty list."),
  noneAsked: text("No thread is waiting for you, congrats!").describe("The same for `asked` threads."),
  nonePartly: text("I found no stale threads, but I could not read {channels}.").describe(
    "In place of an empty list when some channels failed.",
  ),
  more: text("and {count} more").describe("Below a list that was cut."),
  unread: text("I could not read {channels}; what is stale there is missing here.").describe(
    "Below a list without the threads of these channels.",
  ),
  outOfTime: text("the channels I had no time for").describe("In `{channels}`, once `patience` is at its end."),
  view: text(
    "This is what I can see. Threads of your private channels may be missing, and some of these may not open for you.",
  ).describe("After a list when nobody knows whether the asker may see all of it."),
  unfollowed: text(
    "I have unfollowed the thread for you. If it stressed you out for some reason, consider taking a minute for a [breathing exercise](https://greatist.com/happiness/breathing-exercises-relax#5.-4-7-8-Breathing-or-relaxing-breath), it might help you de-stress a bit.",
  ).describe("After `unfollow`."),
  asBot: text(
    "I did it with the account that I read with. If that is not yours, the thread still reaches you: connect your account first.",
  ).describe("After `unfollowed`, when it was not done with the asker's own account."),
  cannot: text(
    "Can't be done. Make sure your command looks like `unfollow https://twist.com/a/1585/ch/140545/t/1335288/`.",
  ).describe("For `unfollow` without the link of a thread."),
  window: text("I need whole days, the smaller number first: `stale threads 5 30`.").describe(
    "For numbers that are no time.",
  ),
  help: text(
    "Heya. 👋 \r\n\r\n I'm Maassi, your mildly annoyed assistant. My goal is to provide you with tools to manage the chaos around you.\r\n* `unfollow [thread URL]` - I will remove you from the default recepient group. Sometimes people can be a bit too much.\r\n* `stale threads` - If you're using the [close a thread](https://get.twist.help/hc/en-us/articles/360006299539-Close-a-thread) feature consistently, I will hunt down the loose threads.\r\n* `help` - See what I can do for you.",
  ).describe("For `help`."),
  unknown: text(
    "Unknown command, try `stale threads`. For this command, the bot will look open threads that you created that are still open, but have not been active for the last three days. Dead threads that have been inactive for more than three weeks are not displayed for brewity.",
  ).describe("For what no plugin understands."),
  noThreads: text("I can't list threads here. Ask me on Twist or Slack.").describe("Where a platform has no threads."),
  noUnfollow: text("I can't unfollow threads here.").describe("Where a platform cannot do that for people."),
  failed: text("Sorry, that did not work just now. Please try again in a few minutes.").describe(
    "After the last attempt.",
  ),
  later: text("Something is wrong on my side. I will answer as soon as I can; you need not ask again.").describe(
    "At once, when the question could not even be stored.",
  ),
});

const reader = z.strictObject({
  person: z.string().min(1).describe("Id of the person whose threads are listed."),
  adapter: z.string().min(1).describe("Name of the adapter."),
  account: z.string().optional().describe("Id of the workspace."),
  id: z.string().min(1).describe("Id of the conversation; on Twist `conversation/` and the number in its address."),
  isDirect: z.boolean().default(true).describe("False for a channel."),
});

/** What the plugin takes. */
export const options = z
  .object({
    from: days.default(3).describe("Days of silence after which a thread is stale."),
    to: days.default(21).describe("Days of silence after which it is dead, and no longer listed."),
    which: z
      .enum(["mine", "asked"])
      .default("mine")
      .describe("Threads that the asker began, or those they take part in and somebody else spoke in last."),
    order: z.enum(["listed", "oldest"]).default("listed").describe("As the platform lists them, or the oldest first."),
    group: z.boolean().default(false).describe("Put the threads of a channel below its name."),
    most: z.int().min(1).max(1000).default(100).describe("Threads in one list."),
    timeZone: z
      .union([z.literal("reader"), timeZone])
      .default("UTC")
      .describe("Of the dates; `reader` for the asker's own, where the platform tells it."),
    patience: z
      .string()
      .refine((value) => parseDuration(value) !== undefined, "give a duration such as 90s")
      .default("90s")
      .describe("How long channels are read; the list then goes out without the others."),
    unknown: z.boolean().default(true).describe("Explain the command to whoever says what no plugin understands."),
    digest: z
      .strictObject({
        when: z.string().min(1).default("0 8 * * 1").describe("A cron expression, or an interval such as 7d."),
        timeZone: timeZone.default("UTC").describe("Of the cron expression."),
        to: z.array(reader).min(1).describe("Who gets it, and where."),
      })
      .optional()
      .describe("A list that comes by itself; nothing comes when nothing is stale."),
    texts: texts.prefault({}).describe("What it says."),
  })
  .refine(({ from, to }) => from <= to, { path: ["from"], message: "must not be larger than `to`" });

export type Options = z.output<typeof options>;
export type Texts = Options["texts"];
export type Reader = z.output<typeof reader>;

/** Texts of a helper in a worse mood. */
export const maassi = {
  wait: "Looking for your threads.This will take a couple of secs. ⏳",
  head: "Welcome to the rest of your work day 😅",
  unknown: "Unknown command, try typing `help` to see where can I begrudgingly help.",
} as const satisfies Partial<Texts>;
