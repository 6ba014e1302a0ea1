const NAMES = /^(?:.*\.)?(?:localhost|local|internal)\.?$/;
// "This" machine, private networks, what providers keep for themselves, link-local with the clouds' metadata.
const V4 = /^(?:0|10|127|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])|169\.254|172\.(?:1[6-9]|2\d|3[01])|192\.168)\.[\d.]+$/;
const V6 = /^\[(?:::.*|f[cd].*|fe[89ab].*)\]$/;
const isLocalHost = (host: string) => [NAMES, V4, V6].some((pattern) => pattern.test(host));

/** Can the platform call this address? From outside it needs https; the sandbox, on this very machine, reaches what we reach. */
export function isReachable(address: string, apiUrl: string): boolean {
  const { protocol, hostname } = new URL(address);
  return isLocal(apiUrl) || (protocol === "https:" && !isLocalHost(hostname));
}

/** Does this address lead to our own machine or network? A name is not resolved. */
export function isLocal(address: string): boolean {
  return isLocalHost(URL.parse(address)?.hostname ?? "localhost");
}
