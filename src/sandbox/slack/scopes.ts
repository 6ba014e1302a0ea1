/** An installation, as far as its scopes go. */
export interface Scoped {
  readonly scopes: readonly string[];
}

interface Kind {
  readonly kind: "channel" | "group" | "im";
}

type Refusal = Record<string, unknown>;

/** What a bot may do that was installed with everything. */
export const ALL_SCOPES: readonly string[] = [
  "app_mentions:read",
  "channels:history",
  "channels:read",
  "chat:write",
  "chat:write.public",
  "commands",
  "files:read",
  "files:write",
  "groups:history",
  "groups:read",
  "im:history",
  "im:read",
  "im:write",
  "mpim:history",
  "mpim:read",
  "reactions:read",
  "reactions:write",
  "team:read",
  "users:read",
  "users:read.email",
];

const NEEDED: Readonly<Record<string, string>> = {
  "bots.info": "users:read",
  "chat.delete": "chat:write",
  "chat.postEphemeral": "chat:write",
  "chat.postMessage": "chat:write",
  "chat.update": "chat:write",
  "conversations.open": "im:write",
  "files.completeUploadExternal": "files:write",
  "files.getUploadURLExternal": "files:write",
  "files.info": "files:read",
  "reactions.add": "reactions:write",
  "reactions.get": "reactions:read",
  "reactions.remove": "reactions:write",
  "team.info": "team:read",
  "users.info": "users:read",
  "users.list": "users:read",
  "users.lookupByEmail": "users:read.email",
};

const ROOMS = { channel: "channels", group: "groups", im: "im" } as const;
const TYPES: Readonly<Record<string, string>> = {
  public_channel: "channels:read",
  private_channel: "groups:read",
  im: "im:read",
  mpim: "mpim:read",
};

/** Slack's refusal of a call that the app lacks a scope for; undefined when it may. `types`: of the conversations that are listed. */
export function missingScope(app: Scoped, method: string, types = "public_channel"): Refusal | undefined {
  const isList = method === "conversations.list" || method === "users.conversations";
  const wanted = isList ? types.split(",").map((type) => TYPES[type.trim()]) : [NEEDED[method]];
  const needed = wanted.find((scope) => scope !== undefined && !app.scopes.includes(scope));
  if (needed === undefined) return undefined;
  return { ok: false, error: "missing_scope", needed, provided: app.scopes.join(",") };
}

/** May the app read what is said in such a channel? */
export function mayRead({ scopes }: Scoped, { kind }: Kind): boolean {
  return scopes.includes(`${ROOMS[kind]}:history`);
}

/** Is the app told of such an event? Slack sends none that the app has no scope for. */
export function isTold(app: Scoped, channel: Kind, type: unknown): boolean {
  if (type === "app_mention") return app.scopes.includes("app_mentions:read");
  if (type === "reaction_added" || type === "reaction_removed") return app.scopes.includes("reactions:read");
  return mayRead(app, channel);
}
