/** A number given as `--name value` on the command line. */
export function option(name: string, otherwise: number): number {
  const at = process.argv.indexOf(`--${name}`);
  if (at < 0) return otherwise;
  const value = Number(process.argv[at + 1]);
  if (!Number.isFinite(value) || value <= 0)
    throw new Error(`--${name} takes a number above 0, for example --${name} ${otherwise}.`);
  return value;
}

/** Was `--name` given? */
export function flag(name: string): boolean {
  return process.argv.includes(`--${name}`);
}
