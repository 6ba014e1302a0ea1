import type { Log } from "./log.ts";
import { UNKNOWN_DIGEST } from "./node.ts";
import type { Fleet, FleetNode, NodeInfo } from "./storage.ts";

/**
 * Tells of other processes of a fleet that do not do the same with the same jobs: another version, other plugins, another
 * bot. Once for each difference and process, and once more when such a process is gone.
 */
export function watchDrift({
  fleet,
  self,
  log,
}: {
  readonly fleet: Fleet;
  readonly self: NodeInfo;
  readonly log: Log;
}): void {
  const drifting = new Map<string, string>();

  function look(nodes: readonly FleetNode[]): void {
    const alive = new Set(nodes.map(({ id }) => id));
    for (const [id, name] of drifting) {
      if (alive.has(id)) continue;
      drifting.delete(id);
      log.info({ node: id }, `Node ${name}, which differed, is gone.`);
    }
    for (const node of nodes) {
      if (node.isSelf || node.role === "tool" || drifting.has(node.id)) continue;
      const differences = differencesOf(self, node);
      if (differences.length > 0) drifting.set(node.id, nodeName(node));
      for (const difference of differences) log.warn({ node: node.id }, `Node ${nodeName(node)} ${difference}`);
    }
  }

  fleet.watch(look);
}

/** `moe@host-2 (pid 17, work)` */
export function nodeName({ bot, host, pid, role }: NodeInfo): string {
  return `${bot}@${host} (pid ${pid}, ${role})`;
}

const REMEDY = "Deploy the same to all nodes.";

/** What another process does differently, as the rest of a sentence that begins with its name. */
function differencesOf(self: NodeInfo, other: NodeInfo): readonly string[] {
  if (other.bot !== self.bot) {
    return [`is of another bot than \`${self.bot}\`, and shares its storage. Give each bot a storage of its own.`];
  }
  const found: string[] = [];
  if (other.version !== self.version) {
    found.push(`runs Hobnob ${other.version}, and this one ${self.version}. ${REMEDY}`);
  }
  for (const [plugin, digest] of Object.entries(self.plugins)) {
    const theirs = other.plugins[plugin];
    if (theirs === undefined) found.push(`has no plugin \`${plugin}\`, and this one has. ${REMEDY}`);
    else if (isOther(digest, theirs)) found.push(`runs plugin \`${plugin}\` differently. ${REMEDY}`);
  }
  for (const plugin of Object.keys(other.plugins)) {
    if (self.plugins[plugin] === undefined) found.push(`has a plugin \`${plugin}\`, and this one has not. ${REMEDY}`);
  }
  return found;
}

/** Who among the others may know a handler that this process does not: one with the plugin, and with other handlers in it. */
export function whoHas(fleet: Fleet, self: NodeInfo, plugin: string): FleetNode | undefined {
  const ours = self.plugins[plugin];
  return fleet.nodes().find((node) => {
    const theirs = node.isSelf || node.role === "tool" || node.bot !== self.bot ? undefined : node.plugins[plugin];
    return theirs !== undefined && (ours === undefined || ours === UNKNOWN_DIGEST || theirs !== ours);
  });
}

const isOther = (one: string, other: string) => one !== other && one !== UNKNOWN_DIGEST && other !== UNKNOWN_DIGEST;
