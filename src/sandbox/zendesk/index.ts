import type { Platform, Simulator, SimulatorHost } from "../simulator.ts";
import { createIdentify } from "./access.ts";
import { createApi, METHODS } from "./api.ts";
import { createCommands } from "./commands.ts";
import { createDesk } from "./desk.ts";
import { createFiles } from "./files.ts";
import { createOAuth } from "./oauth.ts";
import { handleOf } from "./records.ts";
import { createShow } from "./show.ts";
import { createTokens } from "./tokens.ts";
import { createTriggers } from "./triggers.ts";
import { createWorld } from "./world.ts";

export { deliveryRules } from "./triggers.ts";

/** Zendesk: its Support API from the bot, the webhooks of its triggers towards it, and the staff at their tickets. */
export const zendesk: Platform = { name: "zendesk", methods: METHODS, create: createZendesk };

function createZendesk(host: SimulatorHost): Simulator {
  const { deliverer, faults, feed, url, signal } = host;
  const world = createWorld(host.botName);
  const files = createFiles(world.numbers.row);
  const show = createShow(url);
  const triggers = createTriggers(world, deliverer, url);
  const desk = createDesk({ world, feed, show, changed: triggers.run });
  const commands = createCommands(world, desk);
  const context = () => ({ world, desk, files, triggers, url: url() });
  const tokens = createTokens();
  const oauth = createOAuth(world, tokens, url);
  const api = createApi({ identify: createIdentify(world, tokens), oauth, faults, signal, context });

  return {
    connect(connected) {
      const app = world.connect(connected);
      triggers.connected(app);
      return {
        apiUrl: `${url()}/api/v2`,
        oauthToken: app.oauthToken,
        webhookSecret: app.webhookSecret,
        subdomain: "sandbox",
        ticketUrl: `${url()}/agent/tickets`,
      };
    },

    overview: () => ({
      platform: "zendesk",
      title: "Zendesk",
      replyMethod: "UpdateTicket",
      can: ["command", "file"],
      // The sample, as long as nobody deletes it.
      home: String(world.tickets()[0]?.id ?? ""),
      apps: world.apps().map(({ name, webhook, user }) => ({ name, webhook, bot: user.name })),
      conversations: world.tickets().toReversed().map(show.conversation),
      people: world.users().flatMap((user) => (user.isBot ? [] : handleOf(user))),
    }),

    say({ text, user, conversation, bot = false, files: attached = [] }) {
      const ticket = world.named(conversation);
      const actor = world.speaker(user, bot);
      const comment = { author: actor, body: text, isPublic: true, files: attached.map(files.attach) };
      return commands.speak(ticket, comment, actor);
    },

    command: (command) => commands.run(command),

    messages: (conversation) => world.named(conversation).comments.map(show.message),

    async fetch(call) {
      const parts = call.path.split("/").filter((part) => part !== "");
      const [room, place, name = ""] = parts;
      const query = new URL(call.request.url).searchParams;
      if (room === "api" && place === "v2") return api.answer(parts.slice(2).join("/"), call);
      switch (`${call.request.method} ${room}/${place}`) {
        case "POST oauth/tokens":
          return api.token(call);
        case "GET oauth/authorizations":
          return name === "new" ? oauth.consentPage(query) : name === "consent" ? oauth.consent(query) : undefined;
        case "GET attachments/token":
          return files.download(name);
        case "GET agent/tickets":
          // Where links in messages lead: to the ticket on the sandbox's page.
          return new Response(null, { status: 302, headers: { location: `/#zendesk/${name}` } });
        default:
          return undefined;
      }
    },

    reset() {
      world.reset();
      files.reset();
      triggers.reset();
      api.reset();
    },
  };
}
