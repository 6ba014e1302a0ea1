import { type Config, HobnobError, type Log } from "../core/index.ts";

/** Something outside that the sandbox can stand in for: an adapter's platform, or a plugin's service. */
export interface Outside {
  readonly name: string;
  /** For messages: "adapter" or "plugin". */
  readonly kind: string;
  readonly platform: string;
  /** The path of the webhook that it calls. */
  readonly path: string;
  readonly missing: readonly string[];
  sandbox?(credentials: Readonly<Record<string, string>>): void;
}

/** All of a config, set up or not. */
export function outsidesOf({ adapters, plugins }: Config): readonly Outside[] {
  return [
    ...adapters.map((adapter) => ({
      name: adapter.name,
      kind: "adapter",
      platform: adapter.platform,
      path: adapter.paths[0] ?? "/",
      missing: adapter.missing,
      ...(adapter.sandbox && { sandbox: adapter.sandbox.bind(adapter) }),
    })),
    ...plugins.flatMap(({ name, service }) =>
      service === undefined
        ? []
        : {
            name,
            kind: "plugin",
            platform: service.platform,
            path: service.webhook ?? "/",
            missing: service.missing,
            sandbox: service.sandbox.bind(service),
          },
    ),
  ];
}

/** Connects it to its simulator. @throws HobnobError `CONFIG_MISSING_CREDENTIAL` when there is none */
export function connect(outside: Outside, sandbox: Awaited<ReturnType<typeof openSandbox>>, url: string): void {
  const { name, kind, platform, path, missing } = outside;
  const credentials = outside.sandbox && sandbox.connect({ platform, name, webhook: `${url}${path}` });
  if (credentials === undefined) {
    throw new HobnobError(
      "CONFIG_MISSING_CREDENTIAL",
      `The ${kind} \`${name}\`: ${missing.join(", ")} not set, and the sandbox has no simulator of ${platform}. Set it in the environment or in .env.`,
    );
  }
  outside.sandbox?.(credentials);
}

export async function openSandbox(url: () => string, { name, server }: Config, log: Log) {
  const { createSandbox } = await import("../sandbox/index.ts");
  return createSandbox({ url, publicUrl: server?.url, botName: name, log });
}

/** @param why there is no sandbox: `NODE_ENV=production` */
export function missingCredentials(unset: readonly Outside[], why: string): HobnobError {
  const names = unset.flatMap(({ name, kind, missing }) =>
    missing.map((variable) => `${variable} (${kind} \`${name}\`)`),
  );
  return new HobnobError(
    "CONFIG_MISSING_CREDENTIAL",
    `Not set: ${names.join(", ")}. Set them in the environment or in .env, or take what needs them out of the config; with ${why} there is no sandbox.`,
  );
}
