import { slackId } from "./ids.ts";

/** A workspace as it begins. */
export interface Team {
  readonly id: string;
  readonly name: string;
  readonly domain: string;
  /** Tells the control API's names of its conversations apart, `acme/general`, and its ids. Empty for the first workspace. */
  readonly prefix: string;
  /** Its tokens expire, and are renewed with refresh tokens. */
  readonly isRotating: boolean;
  readonly people: readonly string[];
  readonly channels: readonly {
    readonly name: string;
    readonly kind: "channel" | "group";
    readonly withoutBots?: boolean;
  }[];
}

/** Where bots are connected from the start. */
export const HOME: Team = {
  id: slackId("T", "hobnob"),
  name: "Hobnob Sandbox",
  domain: "hobnob-sandbox",
  prefix: "",
  isRotating: false,
  people: ["ada", "grace", "linus"],
  channels: [
    { name: "general", kind: "channel" },
    { name: "random", kind: "channel" },
    { name: "support", kind: "channel" },
    { name: "staff", kind: "group" },
    { name: "board", kind: "group", withoutBots: true },
  ],
};

/** Where bots come by being installed. */
export const ACME: Team = {
  id: slackId("T", "acme"),
  name: "Acme",
  domain: "acme",
  prefix: "acme/",
  isRotating: true,
  people: ["edith", "konrad"],
  channels: [
    { name: "general", kind: "channel" },
    { name: "workshop", kind: "channel" },
  ],
};
