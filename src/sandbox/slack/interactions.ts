import { HobnobError } from "../../core/index.ts";
import type { Answer } from "../post.ts";
import type { Actions } from "./actions.ts";
import { findButton } from "./blocks.ts";
import { contentOf } from "./chat.ts";
import type { Events } from "./events.ts";
import { freshId } from "./ids.ts";
import { createArgs } from "./method.ts";
import type { Responses } from "./responses.ts";
import { wireMessage } from "./wire.ts";
import type { App, Channel, Person, SlackMessage, Workspace } from "./workspace.ts";

const FORM = "application/x-www-form-urlencoded";
// Who tells people that a command has failed.
const SLACKBOT: Person = { id: "USLACKBOT", name: "slackbot", bot: { id: "B0SLACKBOT", appId: "A0SLACKBOT" } };

/** What people do to a bot beside speaking: pressing its buttons, using its slash commands. Slack sends each of them once. */
export function createInteractions(parts: {
  readonly workspace: Workspace;
  readonly events: Events;
  readonly actions: Actions;
  readonly responses: Responses;
  readonly url: () => string;
}) {
  const { workspace, events, actions, responses, url } = parts;
  const { team } = workspace;
  const address = (path: string) => `${url()}/${path}`;

  return {
    press(
      { channel, message }: { readonly channel: Channel; readonly message: SlackMessage },
      { id, user }: { readonly id: string; readonly user: Person },
    ): void {
      const app = workspace.apps().find((known) => known.user.id === message.user.id);
      const button = findButton(message.blocks, id);
      if (app === undefined || button === undefined) {
        throw new HobnobError("SANDBOX_INPUT", `There is no button \`${id}\` of a bot under \`${message.ts}\`.`);
      }
      const isEphemeral = message.onlyFor !== undefined;
      const place = { workspace, channel, url: url() };
      const payload = {
        type: "block_actions",
        user: { id: user.id, username: user.name, name: user.name, team_id: team.id },
        api_app_id: app.user.bot.appId,
        token: "sandbox-verification-token",
        container: {
          type: "message",
          message_ts: message.ts,
          channel_id: channel.id,
          is_ephemeral: isEphemeral,
          ...(message.threadTs === undefined ? {} : { thread_ts: message.threadTs }),
        },
        trigger_id: trigger(),
        team: { id: team.id, domain: team.domain },
        enterprise: null,
        is_enterprise_install: false,
        channel: { id: channel.id, name: nameOf(channel) },
        ...(isEphemeral ? {} : { message: wireMessage(message, place) }),
        state: { values: {} },
        response_url: address(responses.open({ kind: "actions", app, channel, user, source: message })),
        actions: [{ ...button, action_ts: workspace.nextTs() }],
      };
      events.interact(app, {
        type: "block_actions",
        channel,
        about: message.ts,
        contentType: FORM,
        body: new URLSearchParams({ payload: JSON.stringify(payload) }).toString(),
      });
    },

    command({ channel, user, name, text }: CommandUse): void {
      const app = channel.app ?? workspace.firstApp();
      if (!app.scopes.includes("commands")) {
        throw new HobnobError("SANDBOX_INPUT", `@${app.user.name} has no slash commands: it lacks the scope commands.`);
      }
      const payload = {
        token: "sandbox-verification-token",
        team_id: team.id,
        team_domain: team.domain,
        channel_id: channel.id,
        channel_name: nameOf(channel),
        user_id: user.id,
        user_name: user.name,
        command: `/${name}`,
        text,
        api_app_id: app.user.bot.appId,
        is_enterprise_install: "false",
        response_url: address(responses.open({ kind: "commands", app, channel, user })),
        trigger_id: trigger(),
      };
      events.interact(app, {
        type: "slash_commands",
        channel,
        about: undefined,
        contentType: FORM,
        body: new URLSearchParams(payload).toString(),
        answered: (answer) => showAnswer(answer, { app, channel, user, name }),
      });
    },
  };

  function showAnswer({ status, body }: Answer, { app, channel, user, name }: Omit<CommandUse, "text"> & { app: App }) {
    if (status < 200 || status >= 300) return complain("dispatch_failed");
    if (body.trim() === "") return;
    const values = body.trimStart().startsWith("{") ? parse(body) : { text: body };
    if (values === undefined) return complain("dispatch_unknown_error");
    const args = createArgs(values);
    const { text, blocks } = contentOf({ args });
    const onlyFor = args.text("response_type") === "in_channel" ? undefined : user.id;
    actions.post(channel, { user: app.user, text, blocks, onlyFor });

    function complain(error: string): void {
      const text = `/${name} failed with the error "${error}"`;
      actions.post(channel, { user: SLACKBOT, text, onlyFor: user.id });
    }
  }
}

interface CommandUse {
  readonly channel: Channel;
  readonly user: Person;
  readonly name: string;
  readonly text: string;
}

function parse(body: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return JSON.parse(body) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

function nameOf({ kind, name }: Channel): string {
  return kind === "im" ? "directmessage" : kind === "group" ? "privategroup" : name;
}

function trigger(): string {
  return `${Date.now()}.${Math.floor(Math.random() * 1e12)}.${freshId("").toLowerCase()}`;
}
