export type {
  Adapter,
  AdapterHost,
  CheckSetup,
  Finding,
  HistoryOptions,
  Limits,
  ManifestSetup,
  Muted,
  Pace,
  Receipt,
  Receive,
  Thread,
  ThreadQuery,
  UnreadChannel,
  WebhookRequest,
  WebhookResponse,
} from "./adapter.ts";
export { type Bot, type BotOptions, createBot } from "./bot.ts";
export { type Clock, type Duration, parseDuration, systemClock } from "./clock.ts";
export { type Config, checkConfig, defineConfig, type ServerConfig } from "./config.ts";
export { definePlugin, type PluginDefinition } from "./define-plugin.ts";
export { DeliveryError, errorCode, errorMessage, HobnobError, RateLimitError, type RecordedError } from "./errors.ts";
export { fill } from "./fill.ts";
export type { HealConfig } from "./healing.ts";
export { jsonResponse } from "./http.ts";
export { type Log, silentLog } from "./log.ts";
export type {
  Action,
  Attachment,
  Command,
  Conversation,
  Deleted,
  Edited,
  Event,
  EventKind,
  EventOf,
  Message,
  Reaction,
  User,
  Visibility,
} from "./message.ts";
export { describeNode, version } from "./node.ts";
export type {
  Backoff,
  Capability,
  Context,
  DeferOptions,
  FailedOption,
  Handler,
  HandlerOptions,
  Job,
  JobOptions,
  Pattern,
  Patterns,
  Plugin,
  PluginBot,
  PluginService,
  ScheduleOptions,
  Scope,
  SentReply,
  StreamOptions,
} from "./plugin.ts";
export type { Button, OutgoingReply, Reply, SentMessage } from "./reply.ts";
export { splitText } from "./split.ts";
export type * from "./storage.ts";
export type { Store } from "./store.ts";
export { suggest } from "./suggest.ts";
export type { Trace, TraceListener } from "./trace.ts";
export { createTurns } from "./turns.ts";
export type { Vault } from "./vault.ts";
