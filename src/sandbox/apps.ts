import { HobnobError, suggest } from "../core/index.ts";

/** The app that is meant where none is named. @throws HobnobError `SANDBOX_INPUT` when no bot is connected */
export function firstOf<T>(apps: ReadonlyMap<string, T>, platform: string): T {
  for (const app of apps.values()) return app;
  throw new HobnobError(
    "SANDBOX_INPUT",
    `No bot is connected to the ${platform} sandbox, so there is no one to talk to.`,
  );
}

/**
 * Whom a name in the control API means: `dm` (the speaker), `@grace`, or `@grace/<app>`; undefined for any other name.
 * @throws HobnobError `SANDBOX_INPUT` when that app is not connected
 */
export function directOf<T>(
  named: string,
  {
    speaker,
    apps,
    platform,
  }: { readonly speaker: string; readonly apps: ReadonlyMap<string, T>; readonly platform: string },
): { readonly person: string; readonly app: T } | undefined {
  const match = /^(?:dm|@([^/]+))(?:\/(.+))?$/.exec(named);
  if (match === null) return undefined;
  const [, person = speaker, app] = match;
  if (app === undefined) return { person, app: firstOf(apps, platform) };
  const found = apps.get(app);
  if (found !== undefined) return { person, app: found };
  const connected = [...apps.keys()].join(", ") || "none";
  throw new HobnobError("SANDBOX_INPUT", `No app \`${app}\` is connected. Connected: ${connected}.`);
}

/** The error of a name that no conversation has; `bare` is the name as it was looked up. */
export function unknownConversation(named: string, known: readonly string[], bare = named): HobnobError {
  return new HobnobError(
    "SANDBOX_INPUT",
    `There is no conversation \`${named}\`${suggest(bare, known)}. Known: ${known.join(", ")}.`,
  );
}
