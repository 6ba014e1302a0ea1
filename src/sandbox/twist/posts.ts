import { fail } from "./errors.ts";
import {
  type Call,
  changesOf,
  contentOf,
  extrasOf,
  isMember,
  type Methods,
  ownSpotOf,
  pageOf,
  spotOf,
  threadOf,
} from "./method.ts";
import { wireComment, wireMessage, wireThread } from "./wire.ts";
import { type Channel, type Direct, maySee, type Thread } from "./workspace.ts";

const OK = { status: "ok" };
const MOST_THREADS = 500;

function channelOf({ args, workspace, user }: Call): Channel {
  const channel = workspace.channelById(args.id("channel_id")) ?? fail(107);
  return maySee(user, channel) ? channel : fail(109);
}

function directOf({ args, workspace, user }: Call, name: string): Direct {
  const direct = workspace.directById(args.id(name)) ?? fail(124);
  return isMember(direct, user) ? direct : fail(109);
}

function close(thread: Thread, action: string | undefined): void {
  if (action === "close" || action === "reopen") thread.closed = action === "close";
}

const threadMethods: Methods = {
  "threads/get": (call) => {
    const { args } = call;
    const newer = args.number("newer_than_ts") ?? 0;
    const older = args.number("older_than_ts") ?? Number.POSITIVE_INFINITY;
    return [...channelOf(call).threads.values()]
      .filter(({ deleted, updated }) => !deleted && updated > newer && updated < older)
      .sort((a, b) => b.updated - a.updated)
      .slice(0, Math.min(args.number("limit") ?? 20, MOST_THREADS))
      .map((thread) => wireThread(thread, call.user));
  },

  "threads/getone": (call) => wireThread(threadOf(call, "id"), call.user),

  "threads/add": (call) => {
    const channel = channelOf(call);
    if (channel.archived) return fail(109);
    const title = call.args.text("title") ?? fail(19);
    const post = { creator: call.user, title, content: contentOf(call), ...extrasOf(call) };
    return wireThread(call.actions.thread(channel, post).post as Thread, call.user);
  },

  "threads/update": (call) => {
    const spot = ownSpotOf(call, "thread");
    call.actions.edit(spot, changesOf(call));
    return wireThread(spot.thread, call.user);
  },

  "threads/remove": (call) => {
    call.actions.remove(ownSpotOf(call, "thread"));
    return OK;
  },

  "threads/mute": (call) => {
    const { thread } = spotOf(call, "thread");
    const minutes = call.args.number("minutes") ?? fail(19);
    thread.muted.set(call.user.id, Math.floor(Date.now() / 1000) + minutes * 60);
    return OK;
  },
};

const commentMethods: Methods = {
  "comments/get": (call) => {
    const thread = threadOf(call, "thread_id");
    return pageOf(call, thread.comments).map((post) => wireComment(post, thread));
  },

  "comments/getone": (call) => {
    const { post, thread } = spotOf(call, "comment");
    return wireComment(post, thread);
  },

  "comments/add": (call) => {
    const thread = threadOf(call, "thread_id");
    const { post } = call.actions.comment(thread, {
      creator: call.user,
      content: contentOf(call),
      ...extrasOf(call),
    });
    close(thread, call.args.text("thread_action"));
    return wireComment(post, thread);
  },

  "comments/update": (call) => {
    const spot = ownSpotOf(call, "comment");
    call.actions.edit(spot, changesOf(call));
    return wireComment(spot.post, spot.thread);
  },

  "comments/remove": (call) => {
    call.actions.remove(ownSpotOf(call, "comment"));
    return OK;
  },
};

const messageMethods: Methods = {
  "conversations/get_or_create": (call) => {
    const { args, workspace, app } = call;
    const others = (args.list("user_ids") ?? fail(19)).filter((id) => Number(id) !== call.user.id);
    const person = others.length === 1 ? workspace.personById(Number(others[0])) : undefined;
    if (app === undefined || person === undefined || person.bot) return fail(106);
    const { id } = workspace.direct(person, app);
    return { id, workspace_id: args.id("workspace_id"), user_ids: [person.id, app.user.id], archived: false };
  },

  "conversation_messages/get": (call) => {
    const direct = directOf(call, "conversation_id");
    return pageOf(call, direct.messages).map((post) => wireMessage(post, direct));
  },

  "conversation_messages/getone": (call) => {
    const { post, direct } = spotOf(call, "message");
    return wireMessage(post, direct);
  },

  "conversation_messages/add": (call) => {
    const direct = directOf(call, "conversation_id");
    const { post } = call.actions.message(direct, {
      creator: call.user,
      content: contentOf(call),
      ...extrasOf(call),
    });
    return wireMessage(post, direct);
  },

  "conversation_messages/update": (call) => {
    const spot = ownSpotOf(call, "message");
    call.actions.edit(spot, changesOf(call));
    return wireMessage(spot.post, spot.direct);
  },

  "conversation_messages/remove": (call) => {
    call.actions.remove(ownSpotOf(call, "message"));
    return OK;
  },
};

function react(call: Call, remove: boolean): object {
  const { args, actions, user } = call;
  const name = args.text("reaction") ?? fail(19);
  const kind = (["comment", "thread", "message"] as const).find((each) => args.text(`${each}_id`) !== undefined);
  if (kind === undefined) return fail(19);
  const changed = actions.react(spotOf(call, kind, `${kind}_id`), { name, user, remove });
  return changed || remove ? OK : fail(131);
}

const reactionMethods: Methods = {
  "reactions/add": (call) => react(call, false),
  "reactions/remove": (call) => react(call, true),
};

export const postMethods: Methods = { ...threadMethods, ...commentMethods, ...messageMethods, ...reactionMethods };
