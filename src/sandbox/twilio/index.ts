import { serveFile } from "../files.ts";
import type { Platform, Simulator, SimulatorHost } from "../simulator.ts";
import { createApi, METHODS } from "./api.ts";
import { createCarrier } from "./carrier.ts";
import { createEvents } from "./events.ts";
import { createExchange, HOME, type Line } from "./exchange.ts";
import { createShow } from "./show.ts";

export { deliveryRules } from "./events.ts";

/** Twilio: webhooks and status callbacks towards the bot, TwiML and the Messages API from it. */
export const twilio: Platform = {
  name: "twilio",
  methods: METHODS,
  create: createTwilio,
};

function createTwilio({ deliverer, faults, feed, signal, url, botName }: SimulatorHost): Simulator {
  const exchange = createExchange(botName);
  const show = createShow(exchange, url);
  const events = createEvents({ deliverer, url, conversationName: show.conversationName });
  const carrier = createCarrier({ events, feed, show, signal });
  const api = createApi({ exchange, carrier, faults, signal, fileUrl: show.fileUrl });

  function everyLine(): readonly Line[] {
    return exchange
      .apps()
      .flatMap((app) =>
        (["sms", "whatsapp"] as const).flatMap((channel) =>
          exchange.people().map((person) => exchange.lineOf(app, person, channel)),
        ),
      );
  }

  return {
    connect(connected) {
      const { accountSid, authToken, number } = exchange.connect(connected);
      return { accountSid, authToken, from: number, apiUrl: `${url()}/api/` };
    },

    overview: () => ({
      platform: "twilio",
      title: "SMS & WhatsApp",
      replyMethod: "messages.create",
      can: ["file"],
      home: HOME,
      apps: exchange.apps().map(({ name, webhook, bot }) => ({ name, webhook, bot })),
      conversations: everyLine().map((line) => ({
        name: show.conversationName(line),
        id: line.person.number,
        label: `${line.person.name} & ${line.app.bot} by ${line.channel === "sms" ? "SMS" : "WhatsApp"}`,
        isDirect: true,
      })),
      people: exchange.people().map(({ name }) => name),
    }),

    say({ text, user, conversation, files = [] }) {
      // Whose phone it is decides who speaks; without a conversation it is the speaker's own.
      const line = exchange.line(conversation === HOME ? user : conversation);
      return { id: carrier.say(line, text, files).sid, conversation: show.conversationName(line) };
    },

    messages(conversation) {
      const line = exchange.line(conversation);
      return line.messages.map((message) => show.message(line, message));
    },

    async fetch(call) {
      const [room, ...path] = call.path.split("/").filter((part) => part !== "");
      if (room === "api") return api(path, call);
      if (room !== "files") return undefined;
      const key = new URL(call.request.url).searchParams.get("key");
      const file = exchange
        .lines()
        .flatMap(({ messages }) => messages.flatMap(({ files }) => files))
        .find((known) => known.sid === path[0] && known.key === key);
      return file?.data === undefined
        ? new Response("not found", { status: 404 })
        : serveFile({ ...file, data: file.data });
    },

    reset: () => exchange.reset(),
  };
}
