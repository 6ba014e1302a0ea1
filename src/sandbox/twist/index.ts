import { HobnobError } from "../../core/index.ts";
import { walkPages } from "../browser.ts";
import type { MessagePlace, Platform, Simulator, SimulatorHost } from "../simulator.ts";
import { createActions } from "./actions.ts";
import { CALLBACK, createApi, UPLOAD } from "./api.ts";
import { createEvents } from "./events.ts";
import { createFiles } from "./files.ts";
import type { Methods } from "./method.ts";
import { createOAuth } from "./oauth.ts";
import { peopleMethods } from "./people.ts";
import { postMethods } from "./posts.ts";
import { createShow } from "./show.ts";
import { encodeText } from "./text.ts";
import { createWorkspace, isDirect, maySee, type Person, type Spot } from "./workspace.ts";

export { deliveryRules } from "./events.ts";

const METHODS: Methods = { ...peopleMethods, ...postMethods };
const LONGEST_TITLE = 80;

/** Twist: the outgoing webhook and its callbacks towards the bot, the API v3 and OAuth from it. */
export const twist: Platform = {
  name: "twist",
  methods: [...Object.keys(METHODS), UPLOAD, CALLBACK],
  create: createTwist,
};

function createTwist(host: SimulatorHost): Simulator {
  const { deliverer, faults, feed, signal, url } = host;
  const workspace = createWorkspace(host.botName);
  const files = createFiles(url);
  const show = createShow(workspace);
  const oauth = createOAuth(workspace);
  const actions = createActions({ workspace, feed, show, events: () => events });
  const events = createEvents({
    deliverer,
    url,
    answer: (app, spot, content) => actions.answer(spot, { creator: app.user, content }),
  });
  const api = createApi({ methods: METHODS, workspace, actions, events, files, oauth, faults, signal });

  function find({ id, conversation }: MessagePlace): Spot {
    const spot = workspace.spot(Number(id));
    if (spot && !isGone(spot) && show.homeOf(spot) === workspace.place(conversation, "ada")) return spot;
    throw new HobnobError("SANDBOX_INPUT", `There is no message \`${id}\` in \`${conversation}\`.`);
  }

  function allow(request: Request): Response | undefined {
    const isAsked = request.url.startsWith(`${url()}/oauth/authorize?`);
    return isAsked ? oauth.authorize(request, workspace.person("ada")) : undefined;
  }

  return {
    connect(connected) {
      const { token, verifyToken, clientId, clientSecret, user } = workspace.connect(connected);
      return {
        token,
        verifyToken,
        clientId,
        clientSecret,
        botUserId: String(user.id),
        apiUrl: `${url()}/api/v3/`,
        oauthUrl: `${url()}/oauth/`,
      };
    },

    overview: () => ({
      platform: "twist",
      title: "Twist",
      replyMethod: CALLBACK,
      can: ["edit", "delete", "react", "press", "thread", "file", "install", "uninstall"],
      home: "general",
      apps: workspace.apps().map(({ name, webhook, user }) => ({ name, webhook, bot: user.name })),
      conversations: [
        ...workspace
          .channels()
          .filter(({ archived }) => !archived)
          .map(({ id, name }) => ({ name, id: String(id), label: `#${name}`, isDirect: false })),
        ...humans(workspace.people()).flatMap((person) =>
          workspace.apps().map((app) => {
            const direct = workspace.direct(person, app);
            const label = `${person.name} & ${app.user.name}`;
            return { name: show.placeName(direct), id: String(direct.id), label, isDirect: true };
          }),
        ),
      ],
      people: humans(workspace.people()).map(({ name }) => name),
    }),

    say({ text, user: name, conversation, thread, bot, files: attached = [] }) {
      const place = workspace.place(conversation, name);
      const creator = workspace.person(name, bot);
      const content = encodeText(text, workspace.knownPerson);
      const post = { creator, content, attachments: attached.map(files.attach) };
      if (isDirect(place)) {
        if (thread !== undefined) {
          throw new HobnobError(
            "SANDBOX_INPUT",
            "There are no threads in a conversation of Twist's. Leave `thread` out.",
          );
        }
        return { id: String(actions.message(place, post).post.id), conversation: show.placeName(place) };
      }
      if (place.archived) {
        throw new HobnobError("SANDBOX_INPUT", `\`${conversation}\` is archived: nobody can say anything there.`);
      }
      if (!maySee(creator, place)) {
        throw new HobnobError("SANDBOX_INPUT", `\`${name}\` is not in \`${conversation}\`.`);
      }
      if (thread === undefined) {
        const title = text.split("\n")[0]!.slice(0, LONGEST_TITLE);
        return { id: String(actions.thread(place, { ...post, title }).post.id), conversation: place.name };
      }
      const root = find({ id: thread, conversation });
      if (root.kind === "message") throw new HobnobError("SANDBOX_INPUT", `\`${thread}\` is no thread.`);
      return { id: String(actions.comment(root.thread, post).post.id), conversation: place.name };
    },

    edit(place, text) {
      actions.edit(find(place), { content: encodeText(text, workspace.knownPerson) });
    },

    delete(place) {
      actions.remove(find(place));
    },

    react(place, { name, user, remove }) {
      if (!actions.react(find(place), { name, user: workspace.person(user), remove })) {
        const state = remove ? "has no such reaction" : "has that reaction already";
        throw new HobnobError("SANDBOX_INPUT", `The message \`${place.id}\` ${state}: \`${name}\` of \`${user}\`.`);
      }
    },

    // A button acts in Twist alone: it says a text in the name of whoever presses it.
    press(place, { id, user }) {
      const spot = find(place);
      const action = spot.post.actions[Number(id)];
      const message = typeof action === "object" && action !== null && "message" in action ? action.message : undefined;
      if (typeof message !== "string") {
        throw new HobnobError(
          "SANDBOX_INPUT",
          `The message \`${place.id}\` has no button \`${id}\` that says something.`,
        );
      }
      actions.answer(spot, { creator: workspace.person(user), content: message });
    },

    install: () => walkPages(`${workspace.firstApp().webhook}/install`, allow, signal),

    uninstall() {
      const app = workspace.firstApp();
      oauth.revoke();
      events.forget();
      events.uninstalled(app, workspace.person("ada"));
    },

    messages(conversation, thread) {
      const place = workspace.place(conversation, "ada");
      const spots: Spot[] = isDirect(place)
        ? place.messages.map((post) => ({ kind: "message", post, direct: place }))
        : [...place.threads.values()].flatMap((each): Spot[] => [
            { kind: "thread", post: each, thread: each },
            ...each.comments.map((post): Spot => ({ kind: "comment", post, thread: each })),
          ]);
      return spots
        .filter(
          (spot) => !isGone(spot) && (thread === undefined || String(spot.post.id) === thread || isIn(spot, thread)),
        )
        .map(show.post);
    },

    async fetch(call) {
      const [room, version, ...rest] = call.path.split("/").filter((part) => part !== "");
      const { method } = call.request;
      if (room === "api" && rest.length === 2) {
        const name = rest.join("/");
        const isForUsers = name.startsWith("workspace_users/");
        return version === (isForUsers ? "v4" : "v3") ? api.method(name, call) : undefined;
      }
      if (version === undefined) return undefined;
      if (room === "integration_incoming" && method === "POST") return api.callback(version, call);
      if (room === "oauth" && version === "authorize") return oauth.authorize(call.request, workspace.person("ada"));
      if (room === "oauth" && version === "access_token" && method === "POST") return oauth.token(call.request);
      if (room === "files") return files.download(version);
      return undefined;
    },

    reset() {
      workspace.reset();
      files.reset();
      oauth.revoke();
      events.forget();
    },
  };
}

function humans(people: readonly Person[]): readonly Person[] {
  return people.filter(({ bot }) => !bot);
}

// With a thread its comments go too.
function isGone(spot: Spot): boolean {
  return spot.post.deleted || (spot.kind === "comment" && spot.thread.deleted);
}

function isIn(spot: Spot, thread: string): boolean {
  return spot.kind === "comment" && String(spot.thread.id) === thread;
}
