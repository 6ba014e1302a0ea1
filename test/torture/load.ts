import { createRandom } from "../random.ts";
import type { Judge } from "./judge.ts";
import { pause } from "./node.ts";
import type { PlatformName, Platforms } from "./platforms.ts";

export interface LoadOptions {
  readonly seed: number;
  readonly round: number;
  /** Milliseconds. */
  readonly length: number;
  /** Conversations at a time. */
  readonly talkers: number;
  /** The longest that somebody waits before the next message, ms. */
  readonly rest: number;
  readonly platforms: Platforms;
  readonly judge: Judge;
}

// More would only wait, and make the end of a round long.
const MOST_WAITING = 1500;
const LONGEST_TALK = 30;

/** People talk, each in one conversation after another. Resolves when the time is up and all of it has been delivered. */
export async function talk({ seed, round, length, talkers, rest, platforms, judge }: LoadOptions): Promise<void> {
  const end = performance.now() + length;
  const isTime = () => performance.now() < end;

  async function talker(at: number): Promise<void> {
    const random = createRandom(seed * 7919 + round * 1009 + at);
    for (let talks = 0; isTime(); talks++) {
      const number = (round * 1000 + at) * 1000 + talks;
      const room = platforms.room(platformOf(random.below(100)), number);
      const count = 3 + random.below(LONGEST_TALK);
      for (let n = 0; n < count && isTime(); n++) {
        // Now and then two at once: their order is then the platform's to lose.
        const ids = random.below(8) === 0 ? [`${number}-${n}`, `${number}-${++n}`] : [`${number}-${n}`];
        for (const id of ids) room.say(id);
        await Promise.all(ids.map((id) => judge.untilDelivered(id)));
        await pause(random.below(rest + 1));
        while (judge.waiting() > MOST_WAITING && isTime()) await pause(20);
      }
    }
  }
  await Promise.all(Array.from({ length: talkers }, (_, at) => talker(at)));
}

function platformOf(share: number): PlatformName {
  return share < 84 ? "slack" : share < 92 ? "twist" : "twilio";
}
