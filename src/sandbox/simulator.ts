import type { Deliverer } from "./deliver.ts";
import type { Faults } from "./faults.ts";
import type { Feed } from "./feed.ts";
import type { Overview, ShownMessage } from "./shown.ts";

/** A bot's connection to a simulated platform. */
export interface ConnectedApp {
  /** The adapter's name. */
  readonly name: string;
  /** Full URL of the bot's webhook. */
  readonly webhook: string;
}

/** A file somebody attaches; without `data` the simulator makes one up. */
export interface SaidFile {
  readonly name: string;
  readonly mimeType: string;
  /** Base64. */
  readonly data?: string | undefined;
  readonly altText?: string | undefined;
}

/** What a person, or another bot, says. */
export interface Said {
  readonly text: string;
  readonly user: string;
  readonly conversation: string;
  readonly thread?: string | undefined;
  /** Another bot speaks. */
  readonly bot?: boolean | undefined;
  readonly files?: readonly SaidFile[] | undefined;
}

/** Names a message in the control API. */
export interface MessagePlace {
  readonly id: string;
  readonly conversation: string;
}

/** What the sandbox lends a simulator. */
export interface SimulatorHost {
  /** Base URL of this platform's simulator, without a slash at the end. */
  readonly url: () => string;
  readonly botName: string;
  readonly deliverer: Deliverer;
  readonly faults: Faults;
  readonly feed: Feed;
  /** Aborted when the sandbox closes: no answer is held back after that. */
  readonly signal: AbortSignal;
}

/**
 * One simulated platform: its state, its wire format in both directions, and what people do there.
 * The control API and the page know it only by this interface. Bad input throws a HobnobError.
 */
export interface Simulator {
  /** @returns the credentials, keyed by the adapter's option names */
  connect(app: ConnectedApp): Readonly<Record<string, string>>;
  overview(): Overview;
  say(said: Said): MessagePlace;
  // What people cannot do on the platform is absent.
  edit?(place: MessagePlace, text: string): void;
  delete?(place: MessagePlace): void;
  react?(
    place: MessagePlace,
    reaction: { readonly name: string; readonly user: string; readonly remove: boolean },
  ): void;
  /** Somebody presses a button under a message of the bot. */
  press?(place: MessagePlace, button: { readonly id: string; readonly user: string }): void;
  /** Somebody uses a slash command. */
  command?(command: {
    readonly name: string;
    readonly text: string;
    readonly user: string;
    readonly conversation: string;
  }): void;
  /** Somebody installs the bot, by walking through its pages as a browser would. Resolves with what the last page says. */
  install?(): Promise<{ readonly status: number; readonly text: string }>;
  /** Somebody takes the bot away again. */
  uninstall?(): void;
  messages(conversation: string, thread?: string): readonly ShownMessage[];
  /** The platform's own HTTP side; `path` begins below the simulator's base URL. Undefined when there is no such path. */
  fetch(call: PlatformCall): Promise<Response | undefined>;
  reset(): void;
}

export interface PlatformCall {
  readonly path: string;
  readonly request: Request;
  /** Breaks the connection instead of answering. */
  readonly drop: () => Response;
}

/** How a platform is built into the sandbox. */
export interface Platform {
  /** In lower case, as in the adapter's `platform`. */
  readonly name: string;
  /** The API calls a fault can be set on. */
  readonly methods: readonly string[];
  create(host: SimulatorHost): Simulator;
}
