import { HobnobError } from "../../core/index.ts";
import type { DeliveryRules } from "../deliver.ts";
import type { ShownMessage } from "../shown.ts";
import type { ConnectedApp, Platform, Simulator, SimulatorHost } from "../simulator.ts";
import { type Asked, createApi, METHODS } from "./api.ts";

/** The HTTP backend of a project, which knows the answers. Nobody talks there: it has no column on the page. */
export const backend: Platform = { name: "backend", methods: METHODS, create: createBackend };

/** It sends nothing by itself. */
export const deliveryRules: DeliveryRules = { retryDelays: [], timeout: 1000 };

const MOST_KEPT = 1000;

function createBackend({ faults, signal, url, botName }: SimulatorHost): Simulator {
  const projects = new Map<string, ConnectedApp>();
  let asked: readonly (Asked & { readonly at: string })[] = [];
  const fetch = createApi({
    faults,
    signal,
    knows: (project) => projects.has(project),
    asked(question) {
      asked = [...asked, { ...question, at: new Date().toISOString() }].slice(-MOST_KEPT);
    },
  });

  return {
    connect(app) {
      projects.set(app.name, app);
      const base = `${url()}/${encodeURIComponent(app.name)}`;
      return { url: `${base}/query/stream`, pingUrl: `${base}/ping` };
    },

    overview: () => ({
      platform: "backend",
      title: "Backend",
      apps: Array.from(projects.values(), ({ name, webhook }) => ({ name, webhook, bot: botName })),
      conversations: [],
      people: [],
      replyMethod: "query",
      can: [],
      home: "",
    }),

    say() {
      throw new HobnobError("SANDBOX_INPUT", "Nobody talks to the backend. Ask the bot, on a platform.");
    },

    /** What it was asked; the conversation is the project's name, without one all of them. */
    messages: (conversation) =>
      asked.flatMap((one, index) =>
        conversation === "" || conversation === one.project ? [show(one, index, one.at)] : [],
      ),

    fetch,

    reset() {
      asked = [];
    },
  };
}

function show({ question, user }: Asked, index: number, at: string): ShownMessage {
  return {
    id: `${index + 1}`,
    author: user,
    self: false,
    bot: false,
    text: question,
    thread: null,
    visibility: "everyone",
    attachments: [],
    buttons: [],
    reactions: [],
    edited: false,
    at,
  };
}
