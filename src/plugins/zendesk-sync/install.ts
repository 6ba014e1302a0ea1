import type { PluginBot } from "../../core/index.ts";
import type { Options } from "./options.ts";

export function addInstallPages(_bot: PluginBot, _options: Options): void {}
