import { openRedis } from "../servers/redis.ts";
import { createProject, type Project } from "./stage.ts";

/** A database server of a test file, in which every project gets a place of its own. */
export interface FleetServer extends AsyncDisposable {
  /** A bot's folder whose config has a storage there. `rest`: what follows the storage in it. */
  project(rest?: string): Project;
}

/** The storages that processes can share. */
export const SERVERS: readonly (readonly [name: string, open: () => Promise<FleetServer>])[] = [
  [
    "redis",
    async () => {
      const server = await openRedis();
      return {
        project: (rest) => fleetProject("redis", server.another(), rest),
        [Symbol.asyncDispose]: () => server.dispose(),
      };
    },
  ],
];

function fleetProject(factory: string, url: string, rest = ""): Project {
  return createProject(`
import { ${factory} } from "hobnob/storage/${factory}";
const storage = ${factory}({ url: ${JSON.stringify(url)}, lease: "1s" });
export default defineConfig({ ...parts, storage, ${rest} });`);
}
