import { HobnobError } from "../../core/index.ts";
import type { MessagePlace, Platform, Simulator, SimulatorHost } from "../simulator.ts";
import { answerCall } from "../struck.ts";
import { createActions } from "./actions.ts";
import { createApi, rateLimited } from "./api.ts";
import { chatMethods } from "./chat.ts";
import { conversationMethods } from "./conversations.ts";
import { createEvents } from "./events.ts";
import { createFiles } from "./files.ts";
import { createInteractions } from "./interactions.ts";
import type { Methods } from "./method.ts";
import { peopleMethods } from "./people.ts";
import { reactionMethods } from "./reactions.ts";
import { createResponses } from "./responses.ts";
import { changeSettings } from "./settings.ts";
import { createShow } from "./show.ts";
import { encodeText } from "./text.ts";
import { type Channel, createWorkspace, type SlackMessage } from "./workspace.ts";

export { deliveryRules } from "./events.ts";

const METHODS: Methods = { ...peopleMethods, ...chatMethods, ...conversationMethods, ...reactionMethods };
const FILE_METHODS = ["files.getUploadURLExternal", "files.completeUploadExternal", "files.info"];

/** Slack: the Events API towards the bot, the Web API from it. */
export const slack: Platform = {
  name: "slack",
  methods: [...Object.keys(METHODS), ...FILE_METHODS, "response_url"],
  create: createSlack,
};

function createSlack(host: SimulatorHost): Simulator {
  const { deliverer, faults, feed, url } = host;
  const workspace = createWorkspace(host.botName);
  const files = createFiles(workspace);
  const show = createShow(workspace, url);
  const events = createEvents(workspace, deliverer);
  const actions = createActions({ workspace, events, feed, show, url });
  const responses = createResponses({ actions, team: workspace.team.id });
  const interactions = createInteractions({ workspace, events, actions, responses, url });
  const api = createApi({
    methods: { ...METHODS, ...files.methods },
    faults,
    context: () => ({ workspace, actions, url: url() }),
    signal: host.signal,
  });

  function find({ id, conversation }: MessagePlace): { readonly channel: Channel; readonly message: SlackMessage } {
    const channel = workspace.conversation(conversation, "ada");
    const message = channel.messages.get(id);
    if (message && !message.tombstone) return { channel, message };
    throw new HobnobError("SANDBOX_INPUT", `There is no message \`${id}\` in \`${conversation}\`.`);
  }

  return {
    connect(connected) {
      const app = workspace.connect(connected);
      return {
        token: app.token,
        signingSecret: app.signingSecret,
        apiUrl: `${url()}/api/`,
        botUserId: app.user.id,
      };
    },

    overview: () => ({
      platform: "slack",
      title: "Slack",
      replyMethod: "chat.postMessage",
      can: ["edit", "delete", "react", "press", "command", "thread", "file"],
      home: "general",
      apps: workspace.apps().map(({ name, webhook, user }) => ({ name, webhook, bot: user.name })),
      conversations: [
        ...workspace.channels().filter(({ kind }) => kind !== "im"),
        ...workspace
          .people()
          .filter(({ bot }) => !bot)
          .flatMap((person) => workspace.apps().map((app) => workspace.direct(person, app))),
      ].map((channel) => ({
        name: show.conversationName(channel),
        id: channel.id,
        label: channel.kind === "im" ? `${channel.person!.name} & ${channel.app!.user.name}` : `#${channel.name}`,
        isDirect: channel.kind === "im",
      })),
      people: workspace
        .people()
        .filter(({ bot }) => !bot)
        .map(({ name }) => name),
    }),

    say({ text, user: name, conversation, thread, bot, files: attached = [] }) {
      const channel = workspace.conversation(conversation, name);
      const user = bot ? workspace.otherBot(name) : workspace.person(name);
      const root = thread === undefined ? undefined : channel.messages.get(thread);
      if (thread !== undefined && !root) {
        throw new HobnobError("SANDBOX_INPUT", `There is no message \`${thread}\` in \`${conversation}\` to answer.`);
      }
      const message = actions.post(channel, {
        user,
        text: encodeText(text, show.names),
        threadTs: root?.threadTs ?? root?.ts,
        files: attached.map((file) => files.attach(file, user.id)),
      });
      return { id: message.ts, conversation: show.conversationName(channel) };
    },

    edit(place, text) {
      const { channel, message } = find(place);
      actions.edit(channel, message, { text: encodeText(text, show.names) });
    },

    delete(place) {
      const { channel, message } = find(place);
      actions.remove(channel, message);
    },

    react(place, { name, user, remove }) {
      const { channel, message } = find(place);
      if (!actions.react(channel, message, { name, user: workspace.person(user), remove })) {
        const state = remove ? "has no such reaction" : "has that reaction already";
        throw new HobnobError("SANDBOX_INPUT", `The message \`${place.id}\` ${state}: \`${name}\` of \`${user}\`.`);
      }
    },

    press(place, { id, user }) {
      interactions.press(find(place), { id, user: workspace.person(user) });
    },

    command({ conversation, user, name, text }) {
      const channel = workspace.conversation(conversation, user);
      interactions.command({ channel, user: workspace.person(user), name, text });
    },

    messages(conversation, thread) {
      const channel = workspace.conversation(conversation, "ada");
      const all = [...channel.messages.values()];
      const wanted =
        thread === undefined ? all : all.filter(({ ts, threadTs }) => ts === thread || threadTs === thread);
      return wanted.map(show.message);
    },

    async fetch(call) {
      const [room, name, ...rest] = call.path.split("/").filter((part) => part !== "");
      const isPost = call.request.method === "POST";
      if (room === "app" && name === undefined && isPost) return changeSettings(workspace, call.request);
      if ((room === "commands" || room === "actions") && isPost) {
        const run = () => responses.answer([room, name, ...rest].join("/"), call.request);
        return answerCall({ faults, signal: host.signal, rateLimited }, { method: "response_url", call, run });
      }
      if (room === "api" && name !== undefined && rest.length === 0) return api(name, call);
      if (room === "upload" && name !== undefined && isPost) return files.upload(name, call.request);
      if (room === "files" && name !== undefined) return files.download(name, call.request);
      return undefined;
    },

    reset() {
      workspace.reset();
      files.reset();
      responses.reset();
    },
  };
}
