// Preloaded into a bot: its wall clock is wrong by as many ms as the file TORTURE_CLOCK says. Timers and the steady clock
// go on as they are, as on a machine whose clock is set.
import { readFileSync } from "node:fs";

const file = process.env.TORTURE_CLOCK;
const real = Date.now.bind(Date);
const RealDate = Date;
let shift = 0;

function read(): void {
  try {
    shift = Number(readFileSync(file!, "utf8")) || 0;
  } catch {
    // Not written yet: the right time.
  }
}

if (file !== undefined) {
  read();
  setInterval(read, 50).unref();
  globalThis.Date = class extends RealDate {
    constructor(...given: unknown[]) {
      super(...((given.length === 0 ? [real() + shift] : given) as [number]));
    }
    static override now(): number {
      return real() + shift;
    }
  } as DateConstructor;
}
