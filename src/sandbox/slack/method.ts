import { HobnobError } from "../../core/index.ts";
import type { Actions } from "./actions.ts";
import type { Json } from "./wire.ts";
import type { App, Channel, SlackMessage, Workspace } from "./workspace.ts";

/** What a Web API method works with. */
export interface Call {
  readonly args: Args;
  readonly app: App;
  readonly workspace: Workspace;
  readonly actions: Actions;
  /** Base URL of the simulator. */
  readonly url: string;
}

/** A Web API method; its answer lacks only `ok`. @throws HobnobError whose code is Slack's error */
export type Method = (call: Call) => Json;
export type Methods = Readonly<Record<string, Method>>;

/** The arguments of a call, whether they came as JSON or as a form. */
export interface Args {
  text(name: string): string | undefined;
  flag(name: string): boolean;
  number(name: string): number | undefined;
  /** An object or a list; in a form it is JSON. @throws HobnobError `invalid_json` */
  json(name: string): unknown;
}

export function createArgs(values: Readonly<Record<string, unknown>>): Args {
  const text = (name: string) => {
    const value = values[name];
    return value === undefined || value === null || value === "" ? undefined : String(value);
  };
  return {
    text,
    flag: (name) => ["true", "1"].includes(String(values[name])),
    number(name) {
      const value = Number(text(name));
      return text(name) === undefined || Number.isNaN(value) ? undefined : value;
    },
    json(name) {
      const value = values[name];
      if (typeof value !== "string") return value ?? undefined;
      try {
        return value === "" ? undefined : JSON.parse(value);
      } catch {
        return fail("invalid_json");
      }
    },
  };
}

/** Answers with one of Slack's errors. */
export function fail(error: string): never {
  throw new HobnobError(error, `Slack answers \`${error}\`.`);
}

/** The channel of an argument, by id or by name. */
export function channelOf({ args, workspace, app }: Call, name = "channel"): Channel {
  const named = args.text(name);
  if (named === undefined) return fail("channel_not_found");
  const bare = named.replace(/^#/, "");
  const channel =
    workspace.channelById(bare) ??
    workspace.channels().find((known) => known.kind !== "im" && known.name === bare) ??
    direct(workspace, app, bare);
  // Of a private conversation that an app is not in, it is not even told that it exists.
  return channel && workspace.appsIn(channel).some(({ name }) => name === app.name)
    ? channel
    : fail("channel_not_found");
}

// A user's id as the channel is that user's direct conversation.
function direct(workspace: Workspace, app: App, id: string): Channel | undefined {
  const person = workspace.personById(id);
  return person && !person.bot ? workspace.direct(person, app) : undefined;
}

/** The message of an argument that names it by its ts. */
export function messageOf({ args }: Call, channel: Channel, name = "ts"): SlackMessage {
  const message = channel.messages.get(args.text(name) ?? "");
  return message === undefined || message.tombstone || message.onlyFor !== undefined
    ? fail("message_not_found")
    : message;
}
