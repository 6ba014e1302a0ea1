import { fail } from "./errors.ts";
import type { Call, Methods } from "./method.ts";
import { wireChannel, wireUser, wireWorkspace } from "./wire.ts";
import { maySee, WORKSPACE } from "./workspace.ts";

function assertWorkspace({ args }: Call, name: string): void {
  if (args.id(name) !== WORKSPACE.id) fail(105);
}

export const peopleMethods: Methods = {
  "users/get_session_user": ({ user }) => ({ ...wireUser(user), default_workspace: WORKSPACE.id }),

  "workspaces/get": ({ workspace }) => [wireWorkspace(workspace.people())],

  "workspaces/get_default": ({ workspace }) => wireWorkspace(workspace.people()),

  "workspaces/getone": (call) => {
    assertWorkspace(call, "id");
    return wireWorkspace(call.workspace.people());
  },

  "workspace_users/get": (call) => {
    assertWorkspace(call, "id");
    return call.workspace.people().map(wireUser);
  },

  "workspace_users/getone": (call) => {
    assertWorkspace(call, "id");
    const person = call.workspace.personById(call.args.id("user_id"));
    return person ? wireUser(person) : fail(106);
  },

  "channels/get": (call) => {
    assertWorkspace(call, "workspace_id");
    const archived = call.args.text("archived");
    return call.workspace
      .channels()
      .filter((channel) => maySee(call.user, channel))
      .filter((channel) => archived === undefined || channel.archived === (archived === "true"))
      .map((channel) => wireChannel(channel, call.workspace.people()));
  },

  "channels/getone": ({ args, workspace, user }) => {
    const channel = workspace.channelById(args.id("id"));
    return channel && maySee(user, channel) ? wireChannel(channel, workspace.people()) : fail(107);
  },
};
