import type { Reply } from "../../core/index.ts";
import type { ContractCheck } from "./check.ts";
import { ensure, ensureSame, shown } from "./expect.ts";
import { PNG } from "./png.ts";
import { openStage } from "./stage.ts";
import type { AdapterSubject, PlatformUnderTest, ShownPost } from "./subject.ts";

/** A reply, and what people have to find in the posts that carry it. */
interface Saying {
  readonly what: string;
  reply(platform: PlatformUnderTest): Exclude<Reply, string>;
  /** Words in their order. @default all words of the text */
  readonly words?: readonly string[];
  /** In one of the posts, wherever the platform shows such things. */
  readonly shown?: readonly string[];
  /** The posts one after the other are this text. */
  readonly exactly?: string;
}

const LONG = Array.from({ length: 100_000 / 8 }, (_, index) => `w${String(index).padStart(6, "0")}`).join(" ");
const FAMILY = ["🎉", "👩‍👩‍👧‍👦", "🇫🇷", "👍🏽", "✈️"];
// No part of it comes twice: some platforms refuse to say the same again.
const EMOJI = Array.from({ length: 500 }, (_, index) => FAMILY[(index * index + (index >> 4)) % FAMILY.length]).join(
  "",
);
const MARKDOWN =
  "# Menu\n\n**Bold**, *slanted*, `code` and ~~gone~~\n\n- one\n- two\n\n1. first\n2. second\n\n> quoted\n\n```js\nlet x = 1 < 2;\n```\n\n[the menu](https://example.com/menu)";
const SAYINGS: readonly Saying[] = [
  { what: "plain text", reply: () => ({ text: "Pizza is on the way!" }), exactly: "Pizza is on the way!" },
  {
    what: "characters that mean something elsewhere",
    reply: () => ({ text: "5 < 6 & 7 > 6, isn't it? 100% @nobody #nothing" }),
    words: ["5", "<", "6", "&", "7", ">", "6", "isn't", "100%", "nobody", "nothing"],
  },
  {
    what: "Markdown",
    reply: () => ({ text: MARKDOWN }),
    words: [
      "Menu",
      "Bold",
      "slanted",
      "code",
      "gone",
      "one",
      "two",
      "first",
      "second",
      "quoted",
      "let x = 1 < 2;",
      "the menu",
    ],
    shown: ["https://example.com/menu"],
  },
  {
    what: "unbalanced Markdown",
    reply: () => ({ text: "**bold *slanted `code [link](there ~~gone ```" }),
    words: ["bold", "slanted", "code", "link", "there", "gone"],
  },
  { what: "a text of 100,000 characters", reply: () => ({ text: LONG }) },
  { what: "a text of emoji only", reply: () => ({ text: EMOJI }), exactly: EMOJI },
  {
    what: "control characters",
    reply: () => ({ text: "one\u0000two\u0007three\u001b[31mfour\u202efive\ufffesix\ud800seven" }),
    words: ["one", "two", "three", "four", "five", "six", "seven"],
  },
  {
    what: "a picture",
    reply: () => ({
      text: "Look:",
      attachments: [{ name: "menu.png", mimeType: "image/png", data: PNG, altText: "The menu" }],
    }),
    words: ["Look"],
  },
  {
    what: "buttons",
    reply: () => ({
      text: "Which one?",
      buttons: [
        { id: "pick", label: "Margherita", value: "1", style: "primary" },
        { id: "menu", label: "Whole menu", url: "https://example.com/menu" },
      ],
    }),
    words: ["Which", "one"],
    shown: ["Margherita", "Whole menu", "https://example.com/menu"],
  },
  { what: "a reply to the staff", reply: () => ({ text: "Among us.", visibility: "agents" }) },
  { what: "a reply to one person", reply: () => ({ text: "Between us.", visibility: "author" }) },
  { what: "a reply outside of the thread", reply: () => ({ text: "To all of you.", inThread: false }) },
];

const LINKED: Saying = {
  what: "a picture that is linked",
  reply: ({ fileUrl = "" }) => ({
    text: "Look:",
    attachments: [{ name: "menu.png", mimeType: "image/png", url: fileUrl, altText: "The menu" }],
  }),
  words: ["Look"],
};

/** What an adapter makes of what plugins say. */
export function speakingChecks(subject: AdapterSubject): readonly ContractCheck[] {
  return [...SAYINGS, LINKED].map((saying) => ({
    name: `shows ${saying.what} within the platform's limits, and loses nothing of it`,
    run: () => shows(subject, saying),
  }));
}

async function shows(subject: AdapterSubject, saying: Saying): Promise<void> {
  await using stage = await openStage(subject, { handle: (ctx) => ctx.reply(saying.reply(stage.platform)) });
  const { platform } = stage;
  if (saying === LINKED && platform.fileUrl === undefined) return;
  const reply = saying.reply(platform);
  await stage.say("Tell me.");
  const [dead] = await stage.storage.dead.list(1);
  ensure(dead === undefined, `The reply was not sent: ${shown(dead?.errors.map(({ message }) => message))}.`);
  const posts = await platform.posts();
  ensure(posts.length > 0, "Nothing of the reply is to be seen.");
  for (const { text } of posts) {
    const length = subject.measure?.(text) ?? text.length;
    ensure(length <= subject.longestPost, `A post has a length of ${length}; the longest has ${subject.longestPost}.`);
  }
  const { visibility = "everyone" } = reply;
  const audience = visibility !== "everyone" && subject.audiences?.includes(visibility) ? visibility : "everyone";
  for (const post of posts) ensureSame(post.visibility ?? "everyone", audience, "Who sees the post");
  if (saying.exactly === undefined) ensureWords(posts, saying.words ?? (reply.text ?? "").split(/\s+/));
  else ensureSame(posts.map(({ text }) => text.trim()).join(""), saying.exactly, "What people read");
  if (saying.exactly === EMOJI) ensureWholeEmoji(posts);
  for (const part of saying.shown ?? []) {
    ensure(
      posts.some((post) => isIn(post, part)),
      `${shown(part)} is nowhere to be seen in ${shown(posts)}.`,
    );
  }
  for (const { name } of reply.attachments ?? []) {
    const isThere = posts.some(
      ({ text, attachments }) =>
        attachments.length > 0 || text.includes(name) || (platform.fileUrl && text.includes(platform.fileUrl)),
    );
    ensure(isThere, `The file ${name} is neither shown nor named.`);
  }
}

function isIn({ text, buttons }: ShownPost, part: string): boolean {
  return text.includes(part) || buttons.some(({ label, url }) => label.includes(part) || url === part);
}

/** Each word after the one before, over all posts. */
function ensureWords(posts: readonly ShownPost[], words: readonly string[]): void {
  const all = posts.map(({ text }) => text).join("\n");
  let at = 0;
  for (const word of words) {
    const found = all.indexOf(word, at);
    ensure(
      found >= 0,
      `${shown(word)} is missing, or not in its place, in ${shown(all.slice(Math.max(0, at - 100)))}.`,
    );
    at = found + word.length;
  }
}

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

function ensureWholeEmoji(posts: readonly ShownPost[]): void {
  for (const { text } of posts) {
    for (const { segment } of graphemes.segment(text.trim())) {
      ensure(FAMILY.includes(segment), `An emoji was cut: a post has ${shown(segment)}.`);
    }
  }
}
