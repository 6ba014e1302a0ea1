import { openPostgres } from "../servers/postgres.ts";
import { openRedis } from "../servers/redis.ts";
import { createProject, type Project } from "./stage.ts";

/** A database server of a test file, in which every project gets a place of its own. */
export interface FleetServer extends AsyncDisposable {
  /** A bot's folder whose config has a storage there. `rest`: what follows the storage in it. */
  project(rest?: string): Project;
}

interface Database {
  another(): string;
  dispose(): Promise<void>;
}

const at = (factory: string, open: () => Promise<Database>) => async (): Promise<FleetServer> => {
  const server = await open();
  return {
    project: (rest) => fleetProject(factory, server.another(), rest),
    [Symbol.asyncDispose]: () => server.dispose(),
  };
};

/** The storages that processes can share. */
export const SERVERS: readonly (readonly [name: string, open: () => Promise<FleetServer>])[] = [
  ["postgres", at("postgres", () => openPostgres())],
  ["redis", at("redis", () => openRedis())],
];

function fleetProject(factory: string, url: string, rest = ""): Project {
  return createProject(`
import { ${factory} } from "hobnob/storage/${factory}";
const storage = ${factory}({ url: ${JSON.stringify(url)}, lease: "1s" });
export default defineConfig({ ...parts, storage, ${rest} });`);
}
