import type { Message } from "../../core/index.ts";
import type { AnyContext } from "./desk.ts";

interface Person {
  readonly name: string;
  readonly email: string | undefined;
}

// A comment is to show what was said, and not a name alone.
const LONGEST_NAME = 100;

/** The person behind an event, as far as the platform tells; a very long name is cut. */
export async function personOf(ctx: AnyContext, event: Pick<Message, "author">): Promise<Person> {
  const { name, email } = await askFor(ctx, event);
  return { name: shorten(name), email };
}

function shorten(name: string): string {
  return Array.from(name).slice(0, LONGEST_NAME).join("");
}

async function askFor(ctx: AnyContext, { author }: Pick<Message, "author">): Promise<Person> {
  if (author.email !== undefined) return { name: author.name, email: author.email };
  try {
    const user = await ctx.user?.(author.id);
    return { name: user?.fullName || user?.name || author.name, email: user?.email };
  } catch (error) {
    // Without a name a person is still helped.
    if (ctx.attempt < 3 && (error as { readonly permanent?: boolean }).permanent !== true) throw error;
    return { name: author.name, email: undefined };
  }
}

// What is no word of people's: capitals and digits only.
const ID = /@([A-Z0-9]{8,24})\b/g;
const MOST_NAMES = 10;

/** A text with the names of those whom it names by their ids. */
export async function withNames(ctx: AnyContext, text: string): Promise<string> {
  const ids = new Set(Array.from(text.matchAll(ID), ([, id]) => id!));
  const names = new Map<string, string>();
  for (const id of [...ids].slice(0, MOST_NAMES)) {
    // An id is a poor name, and better than no ticket.
    const user = await ctx.user?.(id).catch(() => undefined);
    if (user !== undefined) names.set(id, shorten(user.fullName ?? user.name));
  }
  return text.replace(ID, (whole, id: string) => (names.has(id) ? `@${names.get(id)}` : whole));
}
