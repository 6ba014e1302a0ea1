import { randomBytes } from "node:crypto";
import { HobnobError } from "../../core/index.ts";
import { readArguments } from "../body.ts";
import type { Actions } from "./actions.ts";
import { contentOf } from "./chat.ts";
import { createArgs } from "./method.ts";
import type { App, Channel, Person, SlackMessage } from "./workspace.ts";

/** What an interaction's response_url stands for. */
export interface Interaction {
  /** The first part of the address, as Slack has it. */
  readonly kind: "commands" | "actions";
  readonly app: App;
  readonly channel: Channel;
  readonly user: Person;
  /** The message whose button was pressed. */
  readonly source?: SlackMessage;
}

/** The addresses by which interactions are answered: five times within half an hour, member or not. */
export interface Responses {
  /** A new address, below the simulator's. */
  open(interaction: Interaction): string;
  /** A POST to such an address. */
  answer(path: string, request: Request): Promise<Response>;
  reset(): void;
}

const MOST_USES = 5;
const LIFE = 30 * 60_000;

interface Opened extends Interaction {
  readonly until: number;
  uses: number;
}

export function createResponses(parts: {
  readonly actions: Actions;
  readonly team: string;
  /** Milliseconds since 1970. @default the machine's clock */
  readonly now?: () => number;
}): Responses {
  const { actions, team, now = Date.now } = parts;
  const opened = new Map<string, Opened>();

  function answerOne({ app, channel, user, source }: Opened, values: Readonly<Record<string, unknown>>): void {
    const args = createArgs(values);
    if (args.flag("delete_original") && source !== undefined) {
      actions.remove(channel, source);
      return;
    }
    const { text, blocks } = contentOf({ args });
    if (args.flag("replace_original") && source !== undefined) {
      actions.edit(channel, source, { text, ...(blocks ? { blocks } : {}) });
      return;
    }
    actions.post(channel, {
      user: app.user,
      text,
      blocks,
      threadTs: args.text("thread_ts"),
      onlyFor: args.text("response_type") === "in_channel" ? undefined : user.id,
    });
  }

  return {
    open(interaction) {
      const secret = randomBytes(12).toString("base64url");
      const path = `${interaction.kind}/${team}/${randomBytes(6).readUIntBE(0, 6)}/${secret}`;
      for (const [old, { until }] of opened) if (until <= now()) opened.delete(old);
      opened.set(path, { ...interaction, until: now() + LIFE, uses: 0 });
      return path;
    },

    async answer(path, request) {
      const found = opened.get(path);
      if (found === undefined || found.until <= now()) return refuse(404, "expired_url");
      if (found.uses >= MOST_USES) return refuse(404, "used_url");
      const values = await readArguments(request);
      if (values === undefined) return refuse(400, "invalid_payload");
      try {
        answerOne(found, values);
      } catch (error) {
        if (error instanceof HobnobError) return refuse(400, error.code);
        throw error;
      }
      found.uses += 1;
      return new Response("ok");
    },

    reset: () => opened.clear(),
  };
}

function refuse(status: number, error: string): Response {
  return Response.json({ ok: false, error }, { status });
}
