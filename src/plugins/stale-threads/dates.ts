/** `Thursday, February 06`, in English; with the year when that is not the year of `now`. Times are ms since 1970. */
export function formatDate(
  time: number,
  { now, timeZone }: { readonly now: number; readonly timeZone: string },
): string {
  const { weekday, month, day, year } = partsOf(time, timeZone);
  return `${weekday}, ${month} ${day}${year === partsOf(now, timeZone).year ? "" : `, ${year}`}`;
}

export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en-US", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

function partsOf(time: number, timeZone: string): Readonly<Record<string, string>> {
  const format = new Intl.DateTimeFormat("en-US", {
    weekday: "long",
    month: "long",
    day: "2-digit",
    year: "numeric",
    timeZone,
  });
  return Object.fromEntries(format.formatToParts(time).map(({ type, value }) => [type, value]));
}
