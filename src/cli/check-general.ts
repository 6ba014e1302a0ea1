import { accessSync, constants, existsSync } from "node:fs";
import { dirname } from "node:path";
import {
  type Config,
  describeNode,
  errorCode,
  errorMessage,
  type Finding,
  silentLog,
  systemClock,
} from "../core/index.ts";
import { checkReach } from "./check-reach.ts";
import { absentFile } from "./storage-url.ts";

/** What no adapter can know of: Node, storage, public address, the secret that guards tokens. */
export async function checkGeneral(config: Config): Promise<readonly Finding[]> {
  const storage = await checkStorage(config);
  return [
    { level: "ok", subject: "Node", message: `${process.versions.node}.` },
    {
      level: "ok",
      subject: "config",
      message: `${counted(config.adapters, "adapter")}, ${counted(config.plugins, "plugin")}.`,
    },
    storage.finding,
    ...checkSecret(config),
    ...(await checkAddress(config, storage.isInUse)),
  ];
}

const counted = (list: readonly unknown[], what: string) => `${list.length} ${what}${list.length === 1 ? "" : "s"}`;

async function checkStorage({
  storage,
  name: bot,
}: Config): Promise<{ readonly finding: Finding; readonly isInUse: boolean }> {
  const subject = "storage";
  const { name } = storage;
  const absent = absentFile(storage);
  if (absent !== undefined) return { isInUse: false, finding: { subject, ...checkPlace(absent) } };
  try {
    await storage.open({ clock: systemClock, log: silentLog, node: describeNode({ role: "tool", bot }) });
  } catch (error) {
    if (errorCode(error) === "STORAGE_LOCKED") {
      return { isInUse: true, finding: { level: "ok", subject, message: `${name} is in use by a running bot.` } };
    }
    return { isInUse: false, finding: { level: "error", subject, message: errorMessage(error) } };
  }
  try {
    await storage.ping();
    const isInUse = storage.fleet?.nodes().some(({ role }) => role === "start" || role === "serve") ?? false;
    if (name !== "memory:")
      return { isInUse, finding: { level: "ok", subject, message: `${name} can be written to.` } };
    const message =
      "memory: forgets everything when the bot stops, messages that wait too. Set HOBNOB_STORAGE to sqlite:<file>.";
    return { isInUse: false, finding: { level: "warning", subject, message } };
  } catch (error) {
    return { isInUse: false, finding: { level: "error", subject, message: errorMessage(error) } };
  } finally {
    await storage.close();
  }
}

/** Whether a file that is not there could be made. */
function checkPlace(file: string): Pick<Finding, "level" | "message"> {
  let folder = dirname(file);
  while (!existsSync(folder)) folder = dirname(folder);
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
  } catch {
    return { level: "error", message: `There is no ${file}, and ${folder} is no folder that this user may write to.` };
  }
  return { level: "ok", message: `There is no ${file} yet; the first start makes it.` };
}

const SHORTEST_SECRET = 16;

function* checkSecret({ secret, adapters }: Config): Generator<Finding> {
  const subject = "HOBNOB_SECRET";
  // People install it from there, and its tokens are stored.
  const installed = adapters.filter(
    ({ missing, paths }) => missing.length === 0 && paths.some((path) => path.endsWith("/install")),
  );
  const given = (typeof secret === "string" ? [secret] : (secret ?? [])).filter((each) => each !== "");
  const advice = "Set it to a text of at least 16 characters that nobody can guess, and keep it.";
  if (given.some((each) => each.length < SHORTEST_SECRET)) {
    yield { level: "error", subject, message: `It is too short. ${advice}` };
  } else if (given.length > 0) {
    yield { level: "ok", subject, message: "It is long enough." };
  } else if (installed.length > 0) {
    const names = installed.map(({ name }) => name).join(", ");
    yield {
      level: "error",
      subject,
      message: `Not set, and tokens of installations (${names}) are stored under it. ${advice}`,
    };
  }
}

async function checkAddress({ server }: Config, isRunning: boolean): Promise<readonly Finding[]> {
  const subject = "HOBNOB_URL";
  const url = server?.url?.replace(/\/+$/, "");
  if (url === undefined) {
    const message =
      "Not set. Platforms send webhooks and people to the bot's public address; write it like https://bot.example.com.";
    return [{ level: "warning", subject, message }];
  }
  const { protocol, hostname, port, pathname } = new URL(url);
  const findings: Finding[] = [];
  const isLocal = hostname === "localhost" || hostname === "[::1]" || hostname.startsWith("127.");
  if (isLocal) {
    const message = `${url} is this machine, which platforms cannot reach. Open a tunnel to it, and set the tunnel's address.`;
    findings.push({ level: "warning", subject, message });
  } else if (protocol !== "https:") {
    findings.push({
      level: "error",
      subject,
      message: `${url} is not encrypted, and platforms call https only. Write https://.`,
    });
  }
  if (port !== "" && !isLocal) {
    const message = `${url} has a port, and some platforms call port 443 only. Put the bot behind a proxy or tunnel without one.`;
    findings.push({ level: "warning", subject, message });
  }
  if (pathname !== "/") {
    const message = `${url} has a path. The proxy in front of the bot has to take it away again.`;
    findings.push({ level: "warning", subject, message });
  }
  return [...findings, { subject, ...(await checkReach(url, isRunning)) }];
}
