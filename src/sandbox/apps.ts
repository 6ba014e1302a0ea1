import { HobnobError } from "../core/index.ts";

/** The app that is meant where none is named. @throws HobnobError `SANDBOX_INPUT` when no bot is connected */
export function firstOf<T>(apps: ReadonlyMap<string, T>, platform: string): T {
  for (const app of apps.values()) return app;
  throw new HobnobError(
    "SANDBOX_INPUT",
    `No bot is connected to the ${platform} sandbox, so there is no one to talk to.`,
  );
}
