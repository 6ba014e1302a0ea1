import type { ShownMessage, ShownReaction } from "../shown.ts";
import { decodeText } from "./text.ts";
import type { Channel, Direct, Person, Post, Spot, Thread, Workspace } from "./workspace.ts";

/** How the workspace looks to people. */
export interface Show {
  /** What the control API calls a channel or conversation. */
  placeName(place: Channel | Direct): string;
  /** The conversation a post stands in. */
  homeOf(spot: Spot): Channel | Direct;
  post(spot: Spot): ShownMessage;
  reactions(post: Post): readonly ShownReaction[];
}

export function createShow(workspace: Workspace): Show {
  const nameOf = (id: number) => workspace.personById(id)?.name ?? String(id);

  function reactions(post: Post): readonly ShownReaction[] {
    return Array.from(post.reactions, ([name, users]) => ({ name, users: users.map(nameOf) }));
  }

  return {
    reactions,
    homeOf: (spot) => (spot.kind === "message" ? spot.direct : spot.thread.channel),
    placeName(place) {
      if (!("messages" in place)) return place.name;
      const isFirst = workspace.apps()[0]?.name === place.app.name;
      return isFirst ? `@${place.person.name}` : `@${place.person.name}/${place.app.name}`;
    },
    post(spot) {
      const { post } = spot;
      const { creator } = post;
      return {
        id: String(post.id),
        author: creator.name,
        self: isApp(creator, workspace),
        bot: creator.bot,
        text: shownText(spot),
        thread: spot.kind === "comment" ? String(spot.thread.id) : null,
        visibility: "everyone",
        attachments: post.attachments.map(shownFile),
        buttons: post.actions.map(shownButton),
        reactions: reactions(post),
        edited: post.edited !== undefined,
        at: new Date(post.posted * 1000).toISOString(),
      };
    },
  };
}

function isApp({ id }: Person, workspace: Workspace): boolean {
  return workspace.apps().some(({ user }) => user.id === id);
}

function shownText({ kind, post }: Spot): string {
  const text = decodeText(post.content);
  if (kind !== "thread") return text;
  const { title } = post as Thread;
  return text.startsWith(title) ? text : `**${title}**\n${text}`;
}

function shownFile(attachment: unknown): ShownMessage["attachments"][number] {
  const { file_name, underlying_type, url } = fields(attachment);
  return { name: String(file_name ?? "file"), mimeType: String(underlying_type ?? ""), url: String(url ?? "") };
}

function shownButton(action: unknown, index: number): ShownMessage["buttons"][number] {
  const { button_text, url } = fields(action);
  return { id: String(index), label: String(button_text ?? ""), ...(typeof url === "string" && { url }) };
}

function fields(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
