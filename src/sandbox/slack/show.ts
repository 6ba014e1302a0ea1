import type { ShownMessage, ShownReaction } from "../shown.ts";
import { blocksButtons, blocksText } from "./blocks.ts";
import { decodeText, type Names } from "./text.ts";
import type { Channel, SlackMessage, StoredFile, Workspace } from "./workspace.ts";

/** How the workspace looks to people. */
export interface Show {
  readonly names: Names;
  /** What the control API calls a channel. */
  conversationName(channel: Channel): string;
  message(message: SlackMessage): ShownMessage;
  reactions(message: SlackMessage): readonly ShownReaction[];
}

export function createShow(workspace: Workspace, url: () => string): Show {
  const names: Names = {
    user: (name) => workspace.knownPerson(name)?.id,
    channel: (name) => workspace.channels().find((channel) => channel.name === name)?.id,
    userName: (id) => workspace.personById(id)?.name,
    channelName: (id) => workspace.channelById(id)?.name,
  };

  function reactions(message: SlackMessage): readonly ShownReaction[] {
    return Array.from(message.reactions, ([name, users]) => ({
      name,
      users: users.map((id) => names.userName(id) ?? id),
    }));
  }

  function attachment(file: StoredFile): ShownMessage["attachments"][number] {
    const { id, name, mimeType, key, altText } = file;
    const link = `${url()}/files/${id}/${encodeURIComponent(name)}?key=${key}`;
    return { name, mimeType, url: link, ...(altText !== undefined && { altText }) };
  }

  return {
    names,
    reactions,
    conversationName(channel) {
      const name = workspace.team.prefix + channel.name;
      if (channel.kind !== "im") return name;
      const first = workspace.apps()[0];
      return channel.app === undefined || channel.app.name === first?.name ? name : `${name}/${channel.app.name}`;
    },
    message: (message) => ({
      id: message.ts,
      author: message.user.name,
      self: workspace.apps().some((app) => app.user.id === message.user.id),
      bot: message.user.bot !== undefined,
      text: message.tombstone
        ? "This message was deleted."
        : decodeText(blocksText(message.blocks) ?? message.text, names),
      thread: message.threadTs ?? null,
      visibility: message.onlyFor === undefined ? "everyone" : "author",
      attachments: message.files.map(attachment),
      buttons: blocksButtons(message.blocks),
      reactions: reactions(message),
      edited: message.edited !== undefined,
      at: new Date(Number(message.ts) * 1000).toISOString(),
    }),
  };
}
