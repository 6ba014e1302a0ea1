const LOCAL = /^(?:localhost|.*\.local|127\..*|10\..*|192\.168\..*|172\.(?:1[6-9]|2\d|3[01])\..*|\[(?:::1|f[cd].*)\])$/;

/** Can the platform call this address? From outside it needs https; the sandbox, on this very machine, reaches what we reach. */
export function isReachable(address: string, apiUrl: string): boolean {
  const { protocol, hostname } = new URL(address);
  return isLocal(apiUrl) || (protocol === "https:" && !LOCAL.test(hostname));
}

/** Does this address lead to our own machine or network? */
export function isLocal(address: string): boolean {
  return LOCAL.test(URL.parse(address)?.hostname ?? "localhost");
}
