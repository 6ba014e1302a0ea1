import { laneOf } from "./address.ts";
import { parseDuration } from "./clock.ts";
import { HobnobError } from "./errors.ts";
import type { Event } from "./message.ts";
import type { DeferOptions, Job } from "./plugin.ts";
import type { Registry } from "./registry.ts";
import type { Entry } from "./storage.ts";

export interface JobEntryOptions {
  readonly registry: Registry;
  readonly job: Job<unknown>;
  readonly payload: unknown;
  readonly event?: Event | undefined;
  readonly options: DeferOptions;
  readonly now: number;
  /** Of the job it is deferred from; a job from outside has a lane of its own. */
  readonly lane?: string | undefined;
}

/** A deferred job as it is stored. @throws HobnobError `JOB_UNKNOWN`, `JOB_PAYLOAD` */
export function jobEntry({ registry, job, payload, event, options, now, lane }: JobEntryOptions): Entry {
  const target = registry.find(job.plugin, job.name);
  if (target === undefined) {
    throw new HobnobError(
      "JOB_UNKNOWN",
      `Plugin \`${job.plugin}\` has no job \`${job.name}\`. Make it with bot.job in setup.`,
      { permanent: true },
    );
  }
  const delay = options.delay === undefined ? 0 : parseDuration(options.delay);
  if (delay === undefined) {
    throw new HobnobError(
      "JOB_PAYLOAD",
      `defer: \`delay\` must be a duration such as "10s", got ${JSON.stringify(options.delay)}.`,
      { permanent: true },
    );
  }
  const own = options.key ?? crypto.randomUUID();
  const home = options.conversation;
  const conversation = home ?? event?.conversation;
  function laneFor(): string {
    // Of the plugin's own: two plugins that choose the same name do not wait for each other.
    if (options.lane !== undefined) return `${job.plugin}/lane/${options.lane}`;
    if (lane !== undefined && home === undefined) return lane;
    return conversation === undefined ? `${job.plugin}/${job.name}/${own}` : laneOf(conversation, job.plugin);
  }
  return {
    ...(options.key === undefined ? {} : { key: `${job.plugin}/${job.name}/${options.key}` }),
    jobs: [
      {
        lane: laneFor(),
        pool: target.policy.pool,
        adapter: conversation?.adapter ?? "",
        plugin: job.plugin,
        handler: job.name,
        payload: asJson({ ...(event && { event }), ...(home && { home }), payload }, job),
        ...(delay > 0 ? { runAt: now + delay } : {}),
      },
    ],
  };
}

// A copy, taken now: what the handler changes afterwards must not reach the job.
function asJson(payload: unknown, job: Job<unknown>): unknown {
  try {
    return copyOf(payload);
  } catch (cause) {
    throw new HobnobError(
      "JOB_PAYLOAD",
      `The payload of job \`${job.name}\` of plugin \`${job.plugin}\` is not JSON. Pass plain data; files by url.`,
      {
        cause,
        permanent: true,
      },
    );
  }
}

/** As a stored job will have it. @throws Error for what is not JSON */
export function copyOf(payload: unknown): unknown {
  return JSON.parse(JSON.stringify(payload, refuseBytes));
}

function refuseBytes(_key: string, value: unknown): unknown {
  if (ArrayBuffer.isView(value)) throw new TypeError("bytes are not JSON");
  return value;
}
