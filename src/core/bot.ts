import type { Adapter, Receipt, WebhookRequest, WebhookResponse } from "./adapter.ts";
import { threadOf } from "./address.ts";
import { createApology } from "./apology.ts";
import { createBrake } from "./brake.ts";
import { type Clock, parseDuration, systemClock } from "./clock.ts";
import { type Config, checkConfig } from "./config.ts";
import { jobEntry } from "./defer.ts";
import { dispatch } from "./dispatch.ts";
import { watchDrift } from "./drift.ts";
import { errorCode, errorMessage, HobnobError } from "./errors.ts";
import { createHealer } from "./heal.ts";
import { jsonResponse, toResponse, toWebhookRequest } from "./http.ts";
import { lateValues } from "./late-values.ts";
import { type Log, silentLog, withFields } from "./log.ts";
import type { Event } from "./message.ts";
import { describeNode, digestPlugins } from "./node.ts";
import { createOutbox } from "./outbox.ts";
import { assertCredentials, assertShared, pathsOf, warnOfPools } from "./preflight.ts";
import { createRegistry, type Registry, SEND_JOB } from "./registry.ts";
import { createRunner, type Runner } from "./runner.ts";
import { createScheduler, type Scheduler } from "./schedule.ts";
import type { NodeInfo, Storage } from "./storage.ts";
import { createStore } from "./store.ts";
import type { Trace, TraceListener } from "./trace.ts";
import { createKeyring, createVault } from "./vault.ts";
import { answerWebhook } from "./webhooks.ts";

/** A bot made from a config. */
export interface Bot {
  readonly name: string;
  readonly adapters: readonly Adapter[];
  readonly storage: Storage;
  /** Opens the storage, sets the plugins up, starts the adapters and begins to run jobs. @throws HobnobError */
  start(): Promise<void>;
  /** Answers a webhook of an adapter or a plugin; never rejects. */
  webhook(request: WebhookRequest): Promise<WebhookResponse>;
  /** The same for hosts that speak `Request` and `Response`: Hono, Next, a serverless function. */
  fetch(request: Request): Promise<Response>;
  /** Does `webhook` answer at this path? */
  serves(path: string): boolean;
  /** Tells of every step of every event; the returned function ends it. */
  watch(listener: TraceListener): () => void;
  /** Resolves when events can be stored, else rejects with the reason. */
  ready(): Promise<void>;
  /** Takes nothing more, lets running handlers finish within `stopTimeout`, gives the rest back, closes the storage. */
  stop(): Promise<void>;
}

/** What a bot takes from its surroundings. */
export interface BotOptions {
  /** @default the system's */
  readonly clock?: Clock;
  /** @default no log */
  readonly log?: Log;
  /** Where the bot can be reached when the config's `server.url` is not set; asked when the adapters start. @default `http://127.0.0.1:<server.port>` */
  readonly url?: () => string;
  /** Names of adapters that are connected to a sandbox: what they store is thrown away at the next start, and needs no secret. */
  readonly sandboxed?: readonly string[];
  /**
   * Its part in a fleet, on a storage that processes share: `serve` takes webhooks and runs no jobs, `work` runs jobs and
   * takes no webhooks.
   * @default "start": both
   */
  readonly role?: "start" | "serve" | "work";
  /** The pools whose jobs it runs; what is left waits for another worker. @default all of them */
  readonly pools?: readonly string[];
  /** Handlers that run at once in this process. @default the config's */
  readonly concurrency?: number;
}

/**
 * A bot for a program of one's own, in place of `hobnob start`.
 *
 * @example
 * const bot = createBot(config, { log: console });
 * await bot.start();
 * const response = await bot.fetch(request); // a webhook's
 * await bot.stop();
 * @throws HobnobError `CONFIG_*` for a config that is not one
 */
export function createBot(
  config: Config,
  { clock = systemClock, log = silentLog, url, sandboxed = [], role = "start", ...options }: BotOptions = {},
): Bot {
  checkConfig(config);
  const keyring = createKeyring(config.secret);
  const { storage, adapters } = config;
  const { pools, concurrency = config.concurrency ?? 64 } = options;
  const byName = new Map(adapters.map((adapter) => [adapter.name, adapter]));
  const byPath = pathsOf(adapters);
  const brake = createBrake(clock);
  const apologize = createApology({ clock, log });
  const healer = createHealer({
    adapters,
    storage,
    // What is missed by all is read back where events come in.
    config: role === "work" ? false : config.heal,
    sandboxed,
    clock,
    log,
    receive,
  });
  const listeners = new Set<TraceListener>();
  const started: Adapter[] = [];
  let registry: Registry | undefined;
  let runner: Runner | undefined;
  let scheduler: Scheduler | undefined;
  let state: "new" | "running" | "stopped" = "new";
  let isUp = false;
  let self: NodeInfo | undefined;
  let opening: Promise<void> | undefined;
  let isOpen = false;
  let starting: Promise<void> | undefined;
  let stopping: Promise<void> | undefined;

  // Nobody listens in most processes: then no trace is even made.
  const tracer = () => (listeners.size === 0 ? undefined : trace);

  function trace(step: Omit<Trace, "at">) {
    const at = clock === systemClock ? performance.timeOrigin + performance.now() : clock.now();
    for (const listener of listeners) {
      try {
        listener({ ...step, at });
      } catch (error) {
        log.error({ code: errorCode(error) }, `A listener of the trace failed: ${errorMessage(error)}`);
      }
    }
  }

  function receive(event: Event, adapter: Adapter, onHealed?: () => void): Promise<Receipt> {
    if (state !== "running") return Promise.reject(notRunning());
    const heard = onHealed === undefined ? healer.heardOf(adapter.name) : undefined;
    const about = { registry: registry!, storage, brake, log, apologize, trace: tracer(), heard, onHealed };
    return dispatch(event, adapter, about);
  }

  const localUrl = () => (url?.() || `http://127.0.0.1:${config.server?.port ?? 3000}`).replace(/\/+$/, "");
  const publicUrl = () => config.server?.url?.replace(/\/+$/, "") || localUrl();

  async function startAdapter(adapter: Adapter) {
    const { name } = adapter;
    const isSandboxed = sandboxed.includes(name);
    // Simulated platforms forget everything when they end; what an adapter remembers of them must not outlive that.
    const namespace = isSandboxed ? `sandbox:${name}` : `adapter:${name}`;
    if (isSandboxed) for await (const key of storage.values.keys(`${namespace}:`)) await storage.values.delete(key);
    await adapter.start({
      receive: (event) => receive(event, adapter),
      receives: role !== "work",
      maySend: () => storage.fleet?.isSure ?? true,
      ignore() {
        storage.countIgnored(name);
      },
      reconnected() {
        if (isUp) healer.reconnected(name);
      },
      store: createStore(storage.values, namespace, clock.now),
      vault: createVault(storage.values, `${namespace}:vault`, isSandboxed ? SANDBOX_KEYRING : keyring),
      // Its simulator is on this machine, and signs the address that it calls.
      url: isSandboxed ? localUrl() : publicUrl(),
      clock,
      log,
    });
    started.push(adapter);
  }

  async function webhook(request: WebhookRequest): Promise<WebhookResponse> {
    // Some platforms never send an event again: it waits for the last moment of the start, within what all of them allow.
    if (starting !== undefined) await Promise.race([starting, pause(LONGEST_HOLD_MS)]);
    if (state !== "running") return jsonResponse(503, notRunning());
    if (role === "work") return jsonResponse(404, NOT_HERE);
    return answerWebhook(request, { byPath, plugins: registry!.webhooks, log, trace: tracer() });
  }

  async function startNow(): Promise<void> {
    if (state !== "new") throw new HobnobError("BOT_STATE", "A bot is started once. Make a new one from its config.");
    assertCredentials(config);
    // After the plugins have said what they listen to, which other processes may want to know; before, if one looks into its store.
    const openNow = () => {
      self = describeNode({ role, bot: config.name, plugins: digestPlugins(config.plugins, registry), pools, clock });
      return storage.open({ clock, log, node: self });
    };
    const open = async () => {
      opening ??= openNow();
      await opening;
      isOpen = true;
    };
    const values = lateValues(storage, open);
    try {
      registry = await createRegistry({
        plugins: config.plugins,
        adapters,
        url: publicUrl(),
        now: () => clock.now(),
        storeOf: (plugin) => createStore(values, `plugin:${plugin}`, clock.now),
        vaultOf: (plugin) => createVault(values, `plugin:${plugin}:vault`, keyring),
        logOf: (plugin) => withFields(log, { plugin }),
        defer: (job, payload, options) => {
          if (state !== "running") return Promise.reject(notRunning());
          return storage.add(jobEntry({ registry: registry!, job, payload, options, now: clock.now() }));
        },
        send(plugin, to, reply, options) {
          if (state !== "running") return Promise.reject(notRunning());
          const job = { plugin, name: SEND_JOB };
          // In order, and beside what handlers do there.
          const there = { conversation: to, lane: `to/${threadOf(to)}`, ...options };
          const payload = { to, reply };
          return storage.add(jobEntry({ registry: registry!, job, payload, options: there, now: clock.now() }));
        },
      });
      assertWanted();
      await open();
      assertShared(storage, role);
      warnOfPools(pools, registry, log);
      scheduler = createScheduler({ schedules: registry.schedules, storage, clock, log });
      await healer.load();
      assertWanted();
      state = "running";
      // All of them come to an end, so that those that did start are stopped when another did not.
      for (const started of await Promise.allSettled(adapters.map(startAdapter))) {
        if (started.status === "rejected") throw started.reason;
      }
      assertWanted();
      if (storage.fleet !== undefined) watchDrift({ fleet: storage.fleet, self: self!, log });
      isUp = true;
      healer.start();
      if (role === "serve") return;
      runner = createRunner({
        storage,
        registry,
        adapters: byName,
        outbox: createOutbox(clock, storage.fleet),
        clock,
        log,
        concurrency,
        pools,
        trace: tracer,
        self,
      });
      runner.start();
      await scheduler.start();
    } catch (error) {
      stopping = stopNow();
      await stopping;
      throw error;
    }
  }

  /** It may have been stopped while it started: then what it has begun since is undone. */
  function assertWanted(): void {
    if (state === "stopped") throw notRunning();
  }

  async function stopNow() {
    state = "stopped";
    scheduler?.stop();
    const grace = parseDuration(config.stopTimeout ?? "20s") ?? 20_000;
    await Promise.all([healer.stop(), runner?.stop(grace)]);
    // Only now: running handlers still answered through the adapters.
    await Promise.all(
      started
        .splice(0)
        .map((adapter) =>
          adapter
            .stop?.()
            .catch((error: unknown) =>
              log.error({ adapter: adapter.name }, `An adapter did not stop: ${errorMessage(error)}`),
            ),
        ),
    );
    if (!isOpen) return;
    isOpen = false;
    await storage.close();
  }

  function stop(): Promise<void> {
    stopping ??= stopNow();
    return stopping;
  }

  return {
    name: config.name,
    adapters,
    storage,
    start() {
      const started = startNow();
      const done = () => {
        starting = undefined;
      };
      starting = started.then(done, done);
      return started;
    },
    webhook,
    async fetch(request) {
      return toResponse(await webhook(await toWebhookRequest(request)));
    },
    serves: (path) => role !== "work" && (byPath.has(path) || registry?.webhooks.has(path) === true),
    watch(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async ready() {
      if (state !== "running" || !isUp) throw notRunning();
      await storage.ping();
    },
    stop,
  };
}

// What it guards is worth nothing.
const SANDBOX_KEYRING = createKeyring("tokens of simulated platforms");

const NOT_HERE = new HobnobError("NOT_FOUND", "This process only runs jobs. Webhooks go to `hobnob serve`.");

// Slack waits for three seconds, the others longer.
const LONGEST_HOLD_MS = 2000;

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}

const notRunning = () => new HobnobError("NOT_RUNNING", "The bot is starting or stopping. Send it again.");
