import type { Actions } from "./actions.ts";
import { fail } from "./errors.ts";
import { type App, maySee, type Person, type Spot, type Thread, type Workspace } from "./workspace.ts";

/** What a method of the API works with. */
export interface Call {
  readonly args: Args;
  /** Whose token it is: the bot's user, or a person who has let the bot in. */
  readonly user: Person;
  /** The app whose own token it is. */
  readonly app: App | undefined;
  readonly workspace: Workspace;
  readonly actions: Actions;
}

/** A method of the API. @throws HobnobError whose code is Twist's error */
export type Method = (call: Call) => unknown;
export type Methods = Readonly<Record<string, Method>>;

/** The arguments of a call, whether they came as JSON, in a form or in the query. */
export interface Args {
  text(name: string): string | undefined;
  /** @throws `20` when it is no number */
  number(name: string): number | undefined;
  /** @throws `19` without it */
  id(name: string): number;
  /** In a form it is JSON. @throws `20` when it is none */
  list(name: string): readonly unknown[] | undefined;
}

const LONGEST_CONTENT = 100_000;

export function createArgs(values: Readonly<Record<string, unknown>>): Args {
  const text = (name: string) => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    return value === undefined || value === null || value === "" ? undefined : String(value);
  };
  const number = (name: string) => {
    const value = text(name);
    if (value === undefined) return undefined;
    return Number.isFinite(Number(value)) ? Number(value) : fail(20);
  };
  return {
    text,
    number,
    id: (name) => number(name) ?? fail(19),
    list(name) {
      const value = Object.hasOwn(values, name) ? values[name] : undefined;
      if (value === undefined || value === null || value === "") return undefined;
      try {
        const list: unknown = typeof value === "string" ? JSON.parse(value) : value;
        return Array.isArray(list) ? list : fail(20);
      } catch {
        return fail(20);
      }
    },
  };
}

/** The text that a call posts. */
export function contentOf({ args }: Call): string {
  const content = args.text("content") ?? fail(19);
  return content.length > LONGEST_CONTENT ? fail(205) : content;
}

/** Files and buttons of a call that posts. */
export function extrasOf({ args }: Call) {
  return { attachments: args.list("attachments") ?? [], actions: args.list("actions") ?? [] };
}

/** What a call changes of a post. */
export function changesOf({ args }: Call) {
  const content = args.text("content");
  const attachments = args.list("attachments");
  const actions = args.list("actions");
  return {
    ...(content !== undefined && { content }),
    ...(attachments !== undefined && { attachments }),
    ...(actions !== undefined && { actions }),
  };
}

const GONE = { thread: 108, comment: 115, message: 125 } as const;

/** A post of this kind by an argument. */
export function spotOf<K extends Spot["kind"]>(
  { args, workspace, user }: Call,
  kind: K,
  name = "id",
): Extract<Spot, { kind: K }> {
  const spot = workspace.spot(args.id(name));
  if (spot?.kind !== kind || spot.post.deleted) return fail(GONE[kind]);
  if (spot.kind === "message" ? !isMember(spot.direct, user) : !maySee(user, spot.thread.channel)) return fail(109);
  return spot as Extract<Spot, { kind: K }>;
}

/** The same, when it is the caller's own. */
export function ownSpotOf<K extends Spot["kind"]>(call: Call, kind: K): Extract<Spot, { kind: K }> {
  const spot = spotOf(call, kind);
  return spot.post.creator.id === call.user.id ? spot : fail(109);
}

export function threadOf(call: Call, name: string): Thread {
  return spotOf(call, "thread", name).thread;
}

export function isMember(
  { person, app }: { readonly person: Person; readonly app: App },
  { id }: { readonly id: number },
): boolean {
  return id === person.id || id === app.user.id;
}

/** A page of posts: the newest first, unless a range of their indexes is asked for. */
export function pageOf<T extends { readonly index: number; readonly posted: number }>(
  { args }: Call,
  posts: readonly T[],
): readonly T[] {
  const from = args.number("from_obj_index");
  const to = args.number("to_obj_index") ?? Number.POSITIVE_INFINITY;
  const newer = args.number("newer_than_ts") ?? 0;
  const older = args.number("older_than_ts") ?? Number.POSITIVE_INFINITY;
  const found = posts.filter(
    ({ index, posted }) => index >= (from ?? 0) && index <= to && posted > newer && posted < older,
  );
  const order = args.text("order_by")?.toUpperCase() ?? (from === undefined ? "DESC" : "ASC");
  return (order === "DESC" ? found.reverse() : found).slice(0, args.number("limit") ?? 20);
}
