import { styleText } from "node:util";
import type { Adapter, BotOptions, Config } from "../core/index.ts";

export interface BannerOptions {
  readonly config: Config;
  readonly role: NonNullable<BotOptions["role"]>;
  /** Where the server listens, if it does. */
  readonly url: string | undefined;
  /** Which pools it runs; undefined for all. */
  readonly pools: readonly string[] | undefined;
  /** By the name of each adapter and plugin that is connected to the sandbox: the variables that are not set. */
  readonly reasons: ReadonlyMap<string, readonly string[]>;
}

/** What a started bot says on stdout: one address, and for each adapter whether it is real. */
export function renderBanner({ config, role, url, pools, reasons }: BannerOptions): readonly string[] {
  const { name, adapters, storage, plugins, server } = config;
  const bold = (text: string) => styleText("bold", text);
  const dim = (text: string) => styleText("dim", text);
  const services = plugins.filter((plugin) => reasons.has(plugin.name));
  const width = Math.max("storage".length, ...[...adapters, ...services].map((each) => each.name.length));
  const line = (label: string, text: string) => `  ${label.padEnd(width)} ${text}`;
  const simulated = (outside: string) => {
    const missing = reasons.get(outside) ?? [];
    const why = `${missing.join(", ")} ${missing.length === 1 ? "is" : "are"} not set`;
    return line(outside, `→ ${styleText("yellow", "sandbox")}: ${why}`);
  };
  return [
    "",
    `  ${bold(name)} ${STATES[role]}${url === undefined ? "" : `: ${styleText(["bold", "cyan"], url)}`}`,
    "",
    ...adapters.map((adapter) => {
      if (reasons.has(adapter.name)) return simulated(adapter.name);
      // Its webhook; the other paths are for the browsers of people who install it.
      const at = role === "work" ? "" : webhookOf(adapter, server?.url ?? url);
      return line(adapter.name, `→ ${styleText("green", adapter.platform)}${at === "" ? "" : `, webhook ${at}`}`);
    }),
    ...services.map(({ name: service }) => simulated(service)),
    line(dim("storage".padEnd(width)), storage.name),
    line(dim("plugins".padEnd(width)), plugins.map((plugin) => plugin.name).join(", ") || "none"),
    ...(pools === undefined ? [] : [line(dim("pools".padEnd(width)), pools.join(", "))]),
    "",
    dim("  Ctrl+C stops it."),
    "",
  ];
}

const STATES = { start: "is up", serve: "takes webhooks", work: "works" };

function webhookOf({ paths: [path] }: Adapter, url: string | undefined): string {
  return path === undefined ? "" : new URL(path, url).href;
}
