/** What the bot needs to hear, to answer, and not to answer twice. */
export const SCOPES: readonly string[] = [
  "chat:write",
  "app_mentions:read",
  "channels:history",
  "groups:history",
  "im:history",
  "mpim:history",
];

/** What single abilities need. */
export const MORE_SCOPES: readonly string[] = [
  "channels:read",
  "commands",
  "files:read",
  "files:write",
  "groups:read",
  "im:read",
  "im:write",
  "mpim:read",
  "reactions:read",
  "reactions:write",
  "users:read",
  "users:read.email",
];

/** What does not work without a scope, for the person who left it out. */
export const WITHOUT: Readonly<Record<string, string>> = {
  "app_mentions:read": "mentions do not arrive",
  "channels:history": "messages in channels do not arrive",
  "channels:read": "threads cannot be listed",
  "chat:write": "nothing can be said",
  commands: "there are no slash commands",
  "files:read": "files that come in cannot be opened",
  "files:write": "no files can be sent",
  "groups:history": "messages in private channels do not arrive",
  "groups:read": "threads of private channels cannot be listed",
  "im:history": "direct messages do not arrive",
  "mpim:history": "messages in group conversations do not arrive",
  "reactions:read": "reactions do not arrive",
  "reactions:write": "the bot cannot react",
  "users:read": "people have no names",
  "users:read.email": "people have no e-mail addresses",
};

/** The events to subscribe to, with the scope that each needs; an app is told only of what it has the scope for. */
export const EVENTS: readonly (readonly [event: string, scope: string | undefined])[] = [
  ["app_mention", "app_mentions:read"],
  ["message.channels", "channels:history"],
  ["message.groups", "groups:history"],
  ["message.im", "im:history"],
  ["message.mpim", "mpim:history"],
  ["reaction_added", "reactions:read"],
  ["reaction_removed", "reactions:read"],
  ["app_uninstalled", undefined],
  ["tokens_revoked", undefined],
];
