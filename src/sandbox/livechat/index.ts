import { HobnobError } from "../../core/index.ts";
import type { MessagePlace, Platform, Simulator, SimulatorHost } from "../simulator.ts";
import { createAccounts } from "./accounts.ts";
import { createActions } from "./actions.ts";
import { createApi, METHODS } from "./api.ts";
import { createFiles } from "./files.ts";
import { uuid } from "./ids.ts";
import { createInstaller } from "./installer.ts";
import { buttonsOf, createShow } from "./show.ts";
import { createTokens } from "./tokens.ts";
import { createWebhooks } from "./webhooks.ts";
import { type App, type Chat, createWorld, type Person } from "./world.ts";

export { deliveryRules } from "./webhooks.ts";

/** LiveChat: its accounts, the Configuration and the Agent Chat API from the bot, webhooks towards it. */
export const livechat: Platform = { name: "livechat", methods: METHODS, create: createLiveChat };

const HOME = "ada";

function createLiveChat(host: SimulatorHost): Simulator {
  const { deliverer, faults, feed, url } = host;
  const world = createWorld();
  const tokens = createTokens();
  const files = createFiles(url);
  const webhooks = createWebhooks(world, deliverer);
  const show = createShow(world);
  const installer = createInstaller({ world, tokens, webhooks, signal: host.signal, url });
  const actions = createActions({
    world,
    feed,
    show,
    send: (notice) => installer.whenInstalled(notice.organization, () => webhooks.notify(notice)),
  });
  const api = createApi({
    world,
    tokens,
    files,
    faults,
    accounts: createAccounts(world, tokens, url),
    signal: host.signal,
    context: () => ({ world, tokens, webhooks, actions, url: url() }),
    personalToken: (app) => Buffer.from(`${accountIdOf(app)}:${personalTokenOf(app)}`).toString("base64"),
  });

  // In a chat there are one customer and the staff.
  function speakerOf(chat: Chat, name: string, isBot: boolean): Person {
    if (isBot) return world.otherBot(name, chat.organization);
    return world.agentNamed(name) ?? chat.customer;
  }

  function placeOf(conversation: string, user: string): Chat {
    const isElsewhere = conversation === HOME && user !== HOME && world.agentNamed(user) === undefined;
    // Nobody named a conversation: a customer has one of their own.
    return isElsewhere ? world.chatOf(user) : world.named(conversation);
  }

  return {
    connect(connected) {
      const app = world.connect(connected);
      return {
        clientId: app.clientId,
        clientSecret: app.clientSecret,
        webhookSecret: app.webhookSecret,
        accountsUrl: `${url()}/accounts/`,
        apiUrl: `${url()}/api/`,
        // For a bot that is set up with a personal access token instead.
        accountId: accountIdOf(app),
        personalAccessToken: personalTokenOf(app),
        organizationId: world.organizations[0]!.id,
      };
    },

    overview: () => ({
      platform: "livechat",
      title: "LiveChat",
      replyMethod: "send_event",
      can: ["press", "file", "install", "uninstall"],
      home: HOME,
      apps: world.apps().map(({ name, webhook, clientId }) => {
        const bot = world.bots().find((one) => one.clientId === clientId);
        return { name, webhook, bot: bot?.name ?? host.botName };
      }),
      conversations: world.chats().map(({ id, name, organization }) => ({
        name,
        id,
        label: `${name} (${organization.name})`,
        isDirect: false,
      })),
      people: world
        .people()
        .filter(({ isBot }) => !isBot)
        .map(({ name }) => name),
    }),

    say({ text, user, conversation, bot = false, files: attached = [] }) {
      const chat = placeOf(conversation, user);
      const speaker = speakerOf(chat, user, bot);
      if (speaker.type === "agent" && !chat.agents.has(speaker.id)) actions.join(chat, speaker, "all");
      const common = { author_id: speaker.id, visibility: "all" as const };
      const events = [
        ...(text.trim() === "" ? [] : [actions.post(chat, { type: "message", text, ...common })]),
        ...attached.map((file) => actions.post(chat, { ...files.attach(file), ...common })),
      ];
      return { id: events[0]!.id, conversation: chat.name };
    },

    press({ id, conversation }: MessagePlace, { id: buttonId }) {
      const chat = world.named(conversation);
      const event = chat.threads.flatMap((thread) => thread.events).find((one) => one.id === id);
      const button = event && buttonsOf(event).find((one) => one.id === buttonId);
      if (event === undefined || button === undefined) {
        throw new HobnobError("SANDBOX_INPUT", `There is no button \`${buttonId}\` under a message \`${id}\` there.`);
      }
      actions.press(chat, event, button);
    },

    install: () => installer.install(),
    uninstall: () => installer.uninstall(deliverer),

    messages: (conversation) => {
      return world.named(conversation).threads.flatMap(({ events }) => events.map(show.message));
    },

    fetch: api,

    reset() {
      world.reset();
      files.reset();
      installer.reset();
    },
  };
}

const accountIdOf = ({ name }: App) => uuid(`account:${name}`);
const personalTokenOf = ({ clientSecret }: App) => `dal:${clientSecret}`;
