// biome-ignore-all assist/source/organizeImports: in the order a learner needs it, not the alphabet's.

// For a bot: its config, and what runs it.
export type { Bot, BotOptions, Config, HealConfig, Log, ServerConfig, Trace, TraceListener } from "./core/index.ts";
export { createBot, defineConfig, HobnobError } from "./core/index.ts";

// For a plugin: what it says it wants, what it is given, and what it may do.
export type {
  Backoff,
  Capability,
  Context,
  DeferOptions,
  Duration,
  FailedOption,
  Handler,
  HandlerOptions,
  Job,
  JobOptions,
  Pattern,
  Patterns,
  Plugin,
  PluginBot,
  PluginDefinition,
  PluginService,
  ScheduleOptions,
  Scope,
  SentReply,
  Store,
  StreamOptions,
  Vault,
} from "./core/index.ts";
export { definePlugin, errorCode, errorMessage, parseDuration, splitText } from "./core/index.ts";

// What travels: events in, replies out.
export type {
  Action,
  Attachment,
  Button,
  Command,
  Conversation,
  Deleted,
  Edited,
  Event,
  EventKind,
  EventOf,
  Message,
  OutgoingReply,
  Reaction,
  Reply,
  SentMessage,
  User,
  Visibility,
} from "./core/index.ts";

// For an adapter; `hobnob/adapters/shared` has more.
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
} from "./core/index.ts";
export { DeliveryError, RateLimitError } from "./core/index.ts";

// For a storage, and for whoever looks into one.
export type {
  Budget,
  ClaimedJob,
  Clock,
  DeadLetter,
  DeadLetters,
  Doubt,
  Entry,
  Fleet,
  FleetNode,
  JobInfo,
  KeyValues,
  LedgerLine,
  NewJob,
  NodeInfo,
  RecordedError,
  Storage,
  StorageHost,
  StoredRecord,
  Verdict,
  Worker,
  WorkOptions,
} from "./core/index.ts";
export { systemClock } from "./core/index.ts";
