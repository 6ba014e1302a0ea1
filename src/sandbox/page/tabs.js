import { byId, h, watchEdges } from "./dom.js";

watchEdges(byId("tabs"));

/** @typedef {{ name: string, href: string, title: string, unread: number, isAway: boolean }} Tab */

/**
 * The way from platform to platform: above the columns, and on a phone below the one that is shown.
 * @param {Tab[]} tabs
 * @param {{ shown: string, go: (name: string) => void }} given `shown`: a tab's name
 */
export function showTabs(tabs, { shown, go }) {
  const nav = byId("tabs");
  const focused = nav.contains(document.activeElement) ? document.activeElement?.getAttribute("data-name") : undefined;
  const before = nav.querySelector("[aria-current]")?.getAttribute("data-name");
  nav.replaceChildren(...tabs.map((each) => tab(each, shown, go)));
  if (shown !== before) nav.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  if (focused) /** @type {HTMLElement | null} */ (nav.querySelector(`[data-name="${CSS.escape(focused)}"]`))?.focus();
}

/** @param {Tab} tab @param {string} shown @param {(name: string) => void} go */
function tab({ name, href, title, unread, isAway }, shown, go) {
  const [short, ...rest] = title.split(" ");
  const news = h("span", { class: "unread" }, String(unread), h("span", { class: "visually-hidden" }, " new"));
  return h(
    "a",
    {
      href,
      "data-name": name,
      "data-platform": name,
      class: isAway ? "away" : undefined,
      "aria-current": name === shown ? "page" : undefined,
      onclick: (/** @type {Event} */ event) => {
        event.preventDefault();
        go(name);
      },
    },
    // A phone has room for one word.
    h("span", {}, short, rest.length > 0 ? h("span", { class: "rest" }, ` ${rest.join(" ")}`) : undefined),
    unread > 0 ? news : undefined,
  );
}
