import { HobnobError } from "../../core/index.ts";
import { serveFile } from "../files.ts";
import type { Platform, PlatformCall, Simulator, SimulatorHost } from "../simulator.ts";
import { createAccess } from "./access.ts";
import { createActions } from "./actions.ts";
import { createApi } from "./api.ts";
import { directOperations } from "./directs.ts";
import { createEvents } from "./events.ts";
import { attachFile, mediaOperations } from "./media.ts";
import type { Operations } from "./method.ts";
import { postOperations } from "./posts.ts";
import { createShow } from "./show.ts";
import { webhookOperations } from "./webhooks.ts";
import { rootOf, type Wire } from "./wire.ts";
import { createWorld, TIMELINE } from "./world.ts";

export { deliveryRules } from "./events.ts";

const OPERATIONS: Operations = { ...postOperations, ...directOperations, ...mediaOperations, ...webhookOperations };

/** X: webhooks with Account Activity and X Activity towards the bot, API v2 from it. */
export const twitter: Platform = {
  name: "twitter",
  methods: Object.keys(OPERATIONS),
  create: createTwitter,
};

function createTwitter({ deliverer, faults, feed, url, botName, signal }: SimulatorHost): Simulator {
  const world = createWorld(botName);
  const wire: Wire = {
    world,
    get url() {
      return url();
    },
  };
  const show = createShow((person) => world.apps().some(({ user }) => user.id === person.id), url);
  const events = createEvents(wire, deliverer);
  const actions = createActions({ world, events, feed, show });
  const access = createAccess(world);
  const context = () => ({ ...wire, actions });
  const api = createApi({ operations: OPERATIONS, access, faults, signal, context });

  return {
    connect(connected) {
      const { appKey, appSecret, accessToken, accessSecret, bearerToken, user } = world.connect(connected);
      return { appKey, appSecret, accessToken, accessSecret, bearerToken, botUserId: user.id, apiUrl: `${url()}/` };
    },

    overview() {
      const persons = world.people().filter(({ isBot }) => !isBot);
      const directs = persons.flatMap((person) =>
        world.apps().map((app) => {
          const name = world.placeName({ kind: "direct", person, app });
          return { name, id: person.id, label: `${person.handle} & ${app.user.handle}`, isDirect: true };
        }),
      );
      return {
        platform: "twitter",
        title: "X",
        replyMethod: "createPosts",
        can: ["thread", "file"],
        home: TIMELINE,
        apps: world.apps().map(({ name, webhook, user }) => ({ name, webhook, bot: user.handle })),
        conversations: [{ name: TIMELINE, id: TIMELINE, label: "Public posts", isDirect: false }, ...directs],
        people: persons.map(({ handle }) => handle),
      };
    },

    say({ text, user, conversation, thread, bot, files = [] }) {
      const place = world.place(conversation, user);
      if (place.kind === "direct") {
        // Only the two of them write there, whoever is named as the speaker.
        const { person, app } = place;
        const [first, ...rest] = files.map((file) => attachFile(world, file, person.id, "dm"));
        const direct = actions.write({ sender: person, person, app, text, media: first });
        for (const media of rest) actions.write({ sender: person, person, app, text: "", media });
        return { id: direct.id, conversation: world.placeName(place) };
      }
      const parent = thread === undefined ? undefined : world.posts.get(thread);
      if (thread !== undefined && parent === undefined) {
        throw new HobnobError("SANDBOX_INPUT", `There is no post \`${thread}\` to answer.`);
      }
      const author = bot ? world.otherBot(user) : world.person(user);
      const media = files.map((file) => attachFile(world, file, author.id, "tweet"));
      return { id: actions.post({ author, text, parent, media }).id, conversation: TIMELINE };
    },

    messages(conversation, thread) {
      const place = world.place(conversation, "ada");
      if (place.kind === "direct") return world.directsOf(place.person, place.app).map(show.direct);
      const posts = [...world.posts.values()];
      const wanted = thread === undefined ? posts : posts.filter((post) => rootOf(post).id === thread);
      return wanted.map(show.post);
    },

    async fetch(call) {
      const [room, ...rest] = call.path.split("/");
      const path = rest.join("/");
      if (room === "2") return api(path, call);
      if (room === "oauth2" && path === "token" && call.request.method === "POST") return appToken(call);
      if (room === "media") return file(rest[0], call);
      if (room === "1.1" && path.startsWith("ton/data/dm/")) return file(rest[4], call);
      return undefined;
    },

    reset: () => world.reset(),
  };

  /** https://docs.x.com/fundamentals/authentication/oauth-2-0/application-only */
  function appToken({ request }: PlatformCall): Response {
    const basic = /^Basic (.+)$/.exec(request.headers.get("authorization") ?? "")?.[1] ?? "";
    const pair = Buffer.from(basic, "base64").toString();
    const app = world.apps().find(({ appKey, appSecret }) => pair === `${appKey}:${appSecret}`);
    if (app !== undefined) return Response.json({ token_type: "bearer", access_token: app.bearerToken });
    const error = { code: 99, message: "Unable to verify your credentials", label: "authenticity_token_error" };
    return Response.json({ errors: [error] }, { status: 403 });
  }

  /** Public media is for everybody; that of direct messages wants the account's signature, or the page's key. */
  function file(id: string | undefined, { request }: PlatformCall): Response {
    const media = world.media.get(id ?? "");
    const isOpen = media?.category.startsWith("tweet_") || new URL(request.url).searchParams.get("key") === media?.key;
    if (media === undefined || !(isOpen || access(request)?.as === "user")) {
      return new Response("not found", { status: 404 });
    }
    return serveFile(media);
  }
}
