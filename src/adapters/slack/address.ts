/** Is this an address of Slack's, to which texts and tokens may go? That is slack.com with what is below it, and the API's own origin. */
export function isSlackAddress(address: string, apiUrl: string): boolean {
  const url = URL.parse(address);
  if (url === null || url.username !== "" || url.password !== "") return false;
  if (url.origin === new URL(apiUrl).origin) return true;
  return url.protocol === "https:" && url.port === "" && /(?:^|\.)slack(?:-gov)?\.com$/.test(url.hostname);
}
