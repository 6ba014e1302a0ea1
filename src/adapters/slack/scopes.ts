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
  "reactions:write",
  "users:read",
  "users:read.email",
];
