import { z } from "zod";

const time = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, "write it as 09:00");

/** When somebody is at work. */
export const officeHours = z.strictObject({
  begin: time.default("09:00").describe("The first minute."),
  end: time.default("17:00").describe("The last minute."),
  timeZone: z
    .string()
    .refine(isTimeZone, "is no time zone, for example Europe/London")
    .default("UTC")
    .describe("Of begin, end, days and holidays."),
  days: z.array(z.int().min(1).max(7)).default([1, 2, 3, 4, 5]).describe("1 is Monday."),
  holidays: z.array(z.iso.date()).default([]).describe("Days off, as `2026-12-25`."),
});

export type OfficeHours = z.output<typeof officeHours>;

/** Is this moment (ms since 1970) out of hours? Begin and end are inside, to the minute. */
export function isOutOfHours(at: number, { begin, end, timeZone, days, holidays }: OfficeHours): boolean {
  const parts = new Intl.DateTimeFormat("en-CA", {
    timeZone,
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
  }).formatToParts(at);
  const part = (type: string) => parts.find((each) => each.type === type)?.value ?? "";
  const date = `${part("year")}-${part("month")}-${part("day")}`;
  const now = `${part("hour")}:${part("minute")}`;
  const day = new Date(`${date}T00:00:00Z`).getUTCDay() || 7;
  return !days.includes(day) || holidays.includes(date) || now < begin || now > end;
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
