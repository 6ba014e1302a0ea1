import { HobnobError } from "../../core/index.ts";
import type { ShownMessage } from "../shown.ts";
import type { MessagePlace, PlatformCall, Said, Simulator, SimulatorHost } from "../simulator.ts";
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
import type { Team } from "./teams.ts";
import { encodeText } from "./text.ts";
import { type App, type Channel, createWorkspace, type SlackMessage } from "./workspace.ts";

/** The methods that need no room of their own. */
export const METHODS: Methods = { ...peopleMethods, ...chatMethods, ...conversationMethods, ...reactionMethods };

export type Place = ReturnType<typeof createPlace>;

/** One workspace with all that happens in it: what people do there, and what bots call. */
export function createPlace(team: Team, host: SimulatorHost) {
  const { deliverer, faults, feed, url } = host;
  const workspace = createWorkspace(team, host.botName);
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
    workspace,
    events,

    /** The channels, and everybody's direct conversation with each bot. */
    conversations: () =>
      [
        ...workspace.channels().filter(({ kind }) => kind !== "im"),
        ...workspace
          .people()
          .filter(({ bot }) => !bot)
          .flatMap((person) => workspace.apps().map((app) => workspace.direct(person, app))),
      ].map((channel) => ({
        name: show.conversationName(channel),
        id: channel.id,
        label:
          channel.kind === "im"
            ? `${channel.person!.name} & ${channel.app!.user.name}`
            : `#${team.prefix}${channel.name}`,
        isDirect: channel.kind === "im",
      })),

    people: () =>
      workspace
        .people()
        .filter(({ bot }) => !bot)
        .map(({ name }) => name),

    say({ text, user: name, conversation, thread, bot, files: attached = [] }: Said): MessagePlace {
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

    edit(place: MessagePlace, text: string): void {
      const { channel, message } = find(place);
      actions.edit(channel, message, { text: encodeText(text, show.names) });
    },

    delete(place: MessagePlace): void {
      const { channel, message } = find(place);
      actions.remove(channel, message);
    },

    react(place: MessagePlace, { name, user, remove }: Parameters<NonNullable<Simulator["react"]>>[1]): void {
      const { channel, message } = find(place);
      if (!actions.react(channel, message, { name, user: workspace.person(user), remove })) {
        const state = remove ? "has no such reaction" : "has that reaction already";
        throw new HobnobError("SANDBOX_INPUT", `The message \`${place.id}\` ${state}: \`${name}\` of \`${user}\`.`);
      }
    },

    press(place: MessagePlace, { id, user }: Parameters<NonNullable<Simulator["press"]>>[1]): void {
      interactions.press(find(place), { id, user: workspace.person(user) });
    },

    command({ conversation, user, name, text }: Parameters<NonNullable<Simulator["command"]>>[0]): void {
      const channel = workspace.conversation(conversation, user);
      interactions.command({ channel, user: workspace.person(user), name, text });
    },

    /** Somebody takes a bot away. Its tokens are dead before it hears of it. */
    uninstall(app: App): void {
      workspace.disconnect(app.name);
      events.tell(app, { type: "tokens_revoked", tokens: { oauth: [], bot: [app.user.id] } });
      events.tell(app, { type: "app_uninstalled" });
    },

    messages(conversation: string, thread?: string): readonly ShownMessage[] {
      const channel = workspace.conversation(conversation, "ada");
      const all = [...channel.messages.values()];
      const wanted =
        thread === undefined ? all : all.filter(({ ts, threadTs }) => ts === thread || threadTs === thread);
      return wanted.map(show.message);
    },

    async fetch(call: PlatformCall): Promise<Response | undefined> {
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

    reset(): void {
      workspace.reset();
      files.reset();
      responses.reset();
    },
  };
}
