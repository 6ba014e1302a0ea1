import { HobnobError } from "../../src/core/index.ts";
import type { SandboxPlatform } from "../../src/sandbox/index.ts";
import type { Overview, ShownMessage } from "../../src/sandbox/shown.ts";
import type { Simulator, SimulatorHost } from "../../src/sandbox/simulator.ts";

const PIXEL = "/sandbox/assets/icon.svg";

/** An invented platform where people can do everything, and a bot that tells what they did. */
export function invented(name: string, title: string, overview: Partial<Overview> = {}): SandboxPlatform {
  return {
    platform: { name, methods: ["send"], create: (host) => createInvented({ name, title, overview, host }) },
    rules: { retryDelays: [], timeout: 1000 },
  };
}

interface Invented {
  readonly name: string;
  readonly title: string;
  readonly overview: Partial<Overview>;
  readonly host: Pick<SimulatorHost, "feed">;
}

function createInvented({ name, title, overview, host: { feed } }: Invented): Simulator {
  const names = ["lobby", "attic", "@ada"];
  let messages = new Map<string, Map<string, ShownMessage>>();
  let apps: { name: string; bot: string; webhook: string }[] = [];
  let count = 0;

  function room(conversation: string): Map<string, ShownMessage> {
    if (!names.includes(conversation)) {
      throw new HobnobError(
        "SANDBOX_INPUT",
        `There is no conversation \`${conversation}\`. Known: ${names.join(", ")}.`,
      );
    }
    const known = messages.get(conversation) ?? new Map<string, ShownMessage>();
    messages.set(conversation, known);
    return known;
  }

  function post(conversation: string, said: Partial<ShownMessage>): ShownMessage {
    count += 1;
    const message: ShownMessage = {
      id: String(count),
      author: "robot",
      self: said.bot === true,
      bot: false,
      text: "",
      thread: null,
      visibility: "everyone",
      attachments: [],
      buttons: [],
      reactions: [],
      edited: false,
      at: "2026-01-02T03:04:05.000Z",
      ...said,
    };
    room(conversation).set(message.id, message);
    feed.publish({ type: "message", platform: name, conversation, message });
    return message;
  }

  const tell = (conversation: string, text: string) => post(conversation, { bot: true, self: true, text });

  function change(conversation: string, id: string, to: Partial<ShownMessage>): ShownMessage {
    const known = room(conversation).get(id);
    if (!known) throw new HobnobError("SANDBOX_INPUT", `There is no message \`${id}\` in \`${conversation}\`.`);
    const message = { ...known, ...to };
    room(conversation).set(id, message);
    feed.publish({ type: "edited", platform: name, conversation, message });
    return message;
  }

  return {
    connect(app) {
      apps = [...apps, { ...app, bot: apps.length === 0 ? "robot" : app.name }];
      return { token: "invented" };
    },
    overview: () => ({
      platform: name,
      title,
      apps,
      conversations: names.map((each) => ({ name: each, id: each, label: each, isDirect: each.startsWith("@") })),
      people: ["ada", "bob"],
      replyMethod: "send",
      can: ["edit", "delete", "react", "press", "command", "thread", "file", "install", "uninstall"],
      home: "lobby",
      ...overview,
    }),
    say({ text, user, conversation, thread, files = [] }) {
      const attachments = files.map(({ name: file, mimeType, altText }) => ({
        name: file,
        mimeType,
        url: new URL(PIXEL, "http://127.0.0.1").href,
        ...(altText === undefined ? {} : { altText }),
      }));
      const { id } = post(conversation, { author: user, text, thread: thread ?? null, attachments });
      if (/whisper/.test(text)) post(conversation, { bot: true, self: true, text: "Psst.", visibility: "agents" });
      if (/choose/.test(text)) {
        const buttons = [
          { id: "yes", label: "Yes" },
          { id: "docs", label: "Read on", url: "https://docs.example/" },
        ];
        post(conversation, { bot: true, self: true, text: "Well?", buttons, visibility: "author" });
      }
      return { id, conversation };
    },
    edit: ({ id, conversation }, text) => void change(conversation, id, { text, edited: true }),
    delete({ id, conversation }) {
      change(conversation, id, {});
      room(conversation).delete(id);
      feed.publish({ type: "deleted", platform: name, conversation, id });
    },
    react: ({ id, conversation }, { name: emoji, user, remove }) =>
      void change(conversation, id, { reactions: remove ? [] : [{ name: emoji, users: [user] }] }),
    press: ({ conversation }, { id, user }) => void tell(conversation, `${user} pressed ${id}`),
    command: ({ name: command, text, user, conversation }) =>
      void tell(conversation, `${user} ran ${command} with ${text || "nothing"}`),
    install: async () => ({ status: 200, text: "<h1>Robot</h1> <p>is installed &amp; well.</p>" }),
    uninstall: () => void tell("lobby", "Good-bye."),
    messages: (conversation) => [...room(conversation).values()],
    fetch: async () => undefined,
    reset() {
      messages = new Map();
    },
  };
}
