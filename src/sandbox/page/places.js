import { byId, h } from "./dom.js";

/**
 * Draws the platforms and their conversations.
 * @param {{ platforms: any[], platform: any, conversation: any, unreadOf: (platform: string, conversation: string) => number }} state
 */
export function showPlaces({ platforms, platform, conversation, unreadOf }) {
  const nav = byId("places");
  const focused = nav.contains(document.activeElement) ? document.activeElement?.getAttribute("href") : undefined;
  nav.replaceChildren(
    ...platforms.map((each) =>
      h(
        "section",
        {},
        h("h2", { id: `platform-${each.platform}` }, each.title),
        h(
          "ul",
          { "aria-labelledby": `platform-${each.platform}` },
          ...each.conversations.map((/** @type {any} */ { name, label, isDirect }) => {
            const isHere = each === platform && name === conversation.name;
            const count = isHere ? 0 : unreadOf(each.platform, name);
            const news = h("span", { class: "unread" }, String(count), h("span", { class: "visually-hidden" }, " new"));
            return h(
              "li",
              {},
              h(
                "a",
                {
                  href: `#${each.platform}/${encodeURIComponent(name)}`,
                  class: isDirect ? "direct" : undefined,
                  "aria-current": isHere ? "page" : undefined,
                },
                label,
                count > 0 ? news : undefined,
              ),
            );
          }),
        ),
      ),
    ),
  );
  if (focused) /** @type {HTMLElement | null} */ (nav.querySelector(`[href="${CSS.escape(focused)}"]`))?.focus();
}
