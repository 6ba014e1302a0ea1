import { HobnobError } from "../../core/index.ts";
import { walkPages } from "../browser.ts";
import type { Platform, Simulator, SimulatorHost } from "../simulator.ts";
import { createOAuth } from "./oauth.ts";
import { createPlace, METHODS, type Place } from "./place.ts";
import { ACME, HOME } from "./teams.ts";

export { deliveryRules } from "./events.ts";

const FILE_METHODS = ["files.getUploadURLExternal", "files.completeUploadExternal", "files.info"];

/** Slack: the Events API towards the bot, the Web API from it. */
export const slack: Platform = {
  name: "slack",
  methods: [...Object.keys(METHODS), ...FILE_METHODS, "oauth.v2.access", "response_url"],
  create: createSlack,
};

/** Two workspaces: one where bots are connected, and one where people can install them. */
function createSlack(host: SimulatorHost): Simulator {
  const { url } = host;
  const home = createPlace(HOME, host);
  const acme = createPlace(ACME, { ...host, url: () => `${url()}/acme` });
  const oauth = createOAuth({ ...host, home, places: [home, acme] });

  const placeOf = (conversation: string) => (conversation.replace(/^#/, "").startsWith(ACME.prefix) ? acme : home);
  const isOpen = () => acme.workspace.apps().length > 0;

  /** The workspace that a token is of. */
  function placeByToken(request: Request): Place {
    const token = /^Bearer (.+)$/i.exec(request.headers.get("authorization") ?? "")?.[1] ?? "";
    return acme.workspace.tokens.state(token) === "unknown" ? home : acme;
  }

  return {
    connect(connected) {
      const app = home.workspace.connect(connected);
      return {
        token: app.grant.token,
        signingSecret: app.signingSecret,
        clientId: app.clientId,
        clientSecret: app.clientSecret,
        apiUrl: `${url()}/api/`,
        botUserId: app.user.id,
        teamId: HOME.id,
      };
    },

    overview: () => ({
      platform: "slack",
      title: "Slack",
      replyMethod: "chat.postMessage",
      can: ["edit", "delete", "react", "press", "command", "thread", "file", "install", "uninstall"],
      home: "general",
      apps: home.workspace.apps().map(({ name, webhook, user }) => ({ name, webhook, bot: user.name })),
      conversations: [...home.conversations(), ...(isOpen() ? acme.conversations() : [])],
      people: home.people(),
    }),

    say: (said) => placeOf(said.conversation).say(said),
    edit: (place, text) => placeOf(place.conversation).edit(place, text),
    delete: (place) => placeOf(place.conversation).delete(place),
    react: (place, reaction) => placeOf(place.conversation).react(place, reaction),
    press: (place, button) => placeOf(place.conversation).press(place, button),
    command: (command) => placeOf(command.conversation).command(command),

    install: async () => {
      const { name, webhook } = home.workspace.firstApp();
      const allow = (request: Request) =>
        request.url.startsWith(`${oauth.url()}?`)
          ? new Request(request, { method: "POST", body: new URLSearchParams({ team: ACME.domain }) })
          : undefined;
      const answer = await walkPages(new URL(`/${name}/install`, webhook).href, allow, host.signal);
      host.feed.publish({ type: "refresh" });
      return answer;
    },

    uninstall() {
      const [app] = acme.workspace.apps();
      if (app === undefined) throw new HobnobError("SANDBOX_INPUT", `No bot is installed in ${ACME.name}.`);
      acme.uninstall(app);
      host.feed.publish({ type: "refresh" });
    },

    messages: (conversation, thread) => placeOf(conversation).messages(conversation, thread),

    async fetch(call) {
      const { path, request } = call;
      if (path.startsWith(ACME.prefix)) return acme.fetch({ ...call, path: path.slice(ACME.prefix.length) });
      if (path === "oauth/v2/authorize") return oauth.authorize(request);
      if (path === "api/oauth.v2.access") return oauth.access(call);
      return (path.startsWith("api/") ? placeByToken(request) : home).fetch(call);
    },

    reset() {
      home.reset();
      acme.reset();
      oauth.reset();
    },
  };
}
