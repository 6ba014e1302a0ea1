import { defineConfig, definePlugin, HobnobError, type Storage } from "hobnob";
import { slack } from "hobnob/adapters/slack";
import { twilio } from "hobnob/adapters/twilio";
import { twist } from "hobnob/adapters/twist";
import { postgres } from "hobnob/storage/postgres";
import { redis } from "hobnob/storage/redis";
import { sqlite } from "hobnob/storage/sqlite";
import { type BotSettings, LEASE_MS } from "./bot-settings.ts";
import { ASK, EDITED, replyText, scriptOf } from "./script.ts";

const settings = JSON.parse(process.env.TORTURE ?? "{}") as BotSettings;
const { seed, credentials, broken } = settings;
let made = 0;

const idOf = (text: string) => ASK.exec(text.trim())?.[1] ?? "";

const soon = { attempts: 500, backoff: { delay: "100ms", factor: 1.5, max: "2s" } } as const;

const torture = definePlugin({
  name: "torture",
  setup(bot) {
    const late = bot.job<{ id: string }>("late", (ctx) => ctx.reply(replyText(ctx.payload.id, "d")), {
      ...soon,
      pool: "gpu",
    });
    bot.hears(
      ASK,
      async (ctx) => {
        const id = idOf(ctx.message.text);
        const script = scriptOf(seed, id);
        const fail = ctx.attempt <= script.failures;
        const stumble = (after: number) => {
          if (fail && after === script.failsAfter) throw new Error("a bad day");
        };
        if (script.delay > 0) await new Promise((resolve) => setTimeout(resolve, script.delay));
        stumble(0);
        const value = script.once ? await ctx.once("value", () => `${process.pid}.${++made}`) : undefined;
        for (let at = 0; at < (script.dooms ? 1 : script.replies); at++) {
          const by = ctx.platform === "slack" ? `${process.env.TORTURE_NODE} in attempt ${ctx.attempt}` : undefined;
          const text = replyText(id, String(at), value, by);
          const sent = await ctx.reply(text);
          if (at === 0 && script.edits) await sent.edit?.(text + EDITED);
          stumble(at + 1);
        }
        if (script.dooms) throw new HobnobError("TORTURE_DOOM", "This one is lost.", { permanent: true });
        if (script.defers !== undefined) ctx.defer(late, { id }, { delay: script.defers });
      },
      { ...soon, failed: (ctx) => ctx.reply(replyText(idOf(ctx.message.text), "f")) },
    );
  },
});

function storage(): Storage {
  const { url, maxBytes } = settings.storage;
  if (url.startsWith("postgres")) return postgres({ url, lease: LEASE_MS });
  if (url.startsWith("redis")) return redis({ url, lease: LEASE_MS });
  return sqlite({ file: url.slice("sqlite:".length), ...(maxBytes !== undefined && { maxBytes }) });
}

/** Breaks the first promise: says that an event is stored a while before it is. */
function hasty(kept: Storage): Storage {
  return new Proxy(kept, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key, target);
      if (key !== "add") return typeof value === "function" ? value.bind(target) : value;
      return async (entry: Parameters<Storage["add"]>[0]) => {
        setTimeout(() => void target.add(entry).catch(() => {}), 300);
        return true;
      };
    },
  });
}

const chat = slack({ ...credentials.slack, pace: false, timeout: "4s" });

export default defineConfig({
  name: "torture",
  secret: "a secret that is long enough",
  storage: broken === "hasty" ? hasty(storage()) : storage(),
  adapters: [
    // Breaks the second one: never finds what was said already.
    broken === "blind" ? Object.assign(chat, { find: async () => undefined }) : chat,
    twist({ ...credentials.twist, pace: false, timeout: "4s" }),
    twilio({ ...credentials.twilio, pace: false, timeout: "4s" }),
  ],
  plugins: [torture()],
  // What it makes good would hide what was lost.
  ...(broken !== undefined && { heal: false as const }),
  server: { host: "127.0.0.1", url: settings.url },
});
