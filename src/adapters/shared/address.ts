/**
 * Tells addresses that lead to a platform: to one of its domains over https, or to where its API is. An address that came in
 * is called only then, for whoever could forge one would have the bot call any machine, with its tokens.
 */
export function addressesOf(...domains: readonly string[]): (address: string, apiUrl: string) => boolean {
  return (address, apiUrl) => {
    const url = URL.parse(address);
    if (url === null || url.username !== "" || url.password !== "") return false;
    if (url.origin === new URL(apiUrl).origin) return true;
    const isTheirs = domains.some((domain) => url.hostname === domain || url.hostname.endsWith(`.${domain}`));
    return isTheirs && url.protocol === "https:" && url.port === "";
  };
}
