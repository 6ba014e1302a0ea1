/** A promise broken on purpose, to see that the kit notices: acknowledged before it is stored; sent again without a look. */
export type Broken = "hasty" | "blind";

/** What a bot under torture is told, as JSON in the variable `TORTURE`. */
export interface BotSettings {
  readonly seed: number;
  /** Its public base URL, with which platforms sign. */
  readonly url: string;
  readonly storage: { readonly url: string; readonly maxBytes?: number };
  /** By platform, as the simulators gave them. */
  readonly credentials: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly broken?: Broken | undefined;
}

/** After so long without a beat other processes take a process's jobs over. Shorter than usual, so that freezes can be short. */
export const LEASE_MS = 2000;
