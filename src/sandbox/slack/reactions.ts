import { type Call, channelOf, fail, type Methods, messageOf } from "./method.ts";
import { wireMessage } from "./wire.ts";

function react(call: Call, remove: boolean): boolean {
  const channel = channelOf(call);
  const message = messageOf(call, channel, "timestamp");
  const name = call.args.text("name");
  if (name === undefined || !/^[\w'+:-]+$/.test(name)) return fail("invalid_name");
  return call.actions.react(channel, message, { name, user: call.app.user, remove });
}

export const reactionMethods: Methods = {
  "reactions.add": (call) => (react(call, false) ? {} : fail("already_reacted")),
  "reactions.remove": (call) => (react(call, true) ? {} : fail("no_reaction")),
  "reactions.get": (call) => {
    const { workspace, url } = call;
    const channel = channelOf(call);
    const message = messageOf(call, channel, "timestamp");
    return { type: "message", channel: channel.id, message: wireMessage(message, { workspace, channel, url }) };
  },
};
