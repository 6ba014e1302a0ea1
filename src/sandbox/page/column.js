import { get, post } from "./api.js";
import { createBots } from "./bots.js";
import { createComposer } from "./composer.js";
import { byId, h, within } from "./dom.js";
import { createMessages } from "./messages.js";
import { nextSteps, suggestions } from "./suggestions.js";

/**
 * A platform: its bots, one of its conversations, a message box.
 * @param {any} first what `GET /sandbox` says of the platform
 * @param {{
 *   onHeard: (message: any) => void,
 *   onNews: () => void,
 *   onMoved: (conversation: string) => void,
 *   onSent: () => void,
 *   showRoad: (message: any) => boolean,
 * }} given
 */
export function createColumn(first, { onHeard, onNews, onMoved, onSent, showRoad }) {
  const name = first.platform;
  const element = byId("column-template").content.firstElementChild.cloneNode(true);
  const part = within(element);
  const select = part(".conversations");
  const newsButton = part(".column-where .news");
  /** @type {Map<string, number>} */
  const unread = new Map();
  let info = first;
  let conversation = "";
  let isSeen = true;
  let isWide = false;
  // Answers may arrive in another order than they were asked for.
  let loads = 0;

  const can = (/** @type {string} */ ability) => info.can.includes(ability);
  const act = (/** @type {string} */ path, /** @type {object} */ body) =>
    post(`/${name}/${path}`, { conversation, ...body }).catch(composer.fail);

  const composer = createComposer(element, { platform: name, conversation: () => conversation, can, onSent });
  const bots = createBots(element, { platform: name, onFail: composer.fail });
  const messages = createMessages(element, {
    can,
    actions: {
      reply: (message) => composer.replyTo(message),
      edit: (message) => composer.edit(message),
      remove: ({ id }) => act("delete", { id }),
      redeliver: (message) => {
        showRoad(message);
        post(`/${name}/redeliver`, { id: message.id }).catch(composer.fail);
      },
      react: ({ id, reactions }) => {
        const user = composer.person();
        const isMine = (/** @type {any} */ each) => each.name === "thumbsup" && each.users.includes(user);
        act("react", { id, name: "thumbsup", user, remove: reactions.some(isMine) });
      },
      press: ({ id }, button) => {
        onSent();
        act("press", { id, button: button.id, user: composer.person() });
      },
      road: (message) => {
        if (!showRoad(message)) composer.fail(new Error("No bot has told about this message’s road."));
      },
    },
  });

  element.dataset.platform = name;
  part("h2").id = `${name}-title`;
  element.setAttribute("aria-labelledby", `${name}-title`);
  select.addEventListener("change", () => {
    open(select.value).catch(composer.fail);
    onMoved(conversation);
  });
  newsButton.addEventListener("click", () => {
    const next = [...unread.keys()].find((each) => each !== conversation);
    if (next === undefined) return;
    open(next).catch(composer.fail);
    onMoved(conversation);
    // The button itself may be gone now.
    select.focus();
  });

  function here() {
    return info.conversations.find((/** @type {any} */ each) => each.name === conversation);
  }

  /** @param {any} next what `GET /sandbox` says now */
  function update(next) {
    info = next;
    part("h2").textContent = info.title;
    bots.show(info);
    const option = (/** @type {any} */ each) => h("option", { value: each.name }, each.label);
    const [open, direct] = [false, true].map((isDirect) =>
      info.conversations.filter((/** @type {any} */ each) => each.isDirect === isDirect).map(option),
    );
    const isMixed = open.length > 0 && direct.length > 0;
    select.replaceChildren(...open, ...(isMixed ? [h("optgroup", { label: "Direct" }, ...direct)] : direct));
    if (here() === undefined) conversation = info.home;
    drawPlace();
  }

  function drawPlace() {
    const { label = conversation, isDirect = false } = here() ?? {};
    select.value = conversation;
    part(".scroll").setAttribute("aria-label", `Messages in ${label} on ${info.title}`);
    const partner = partnerIn(conversation, info.people);
    composer.show({ label, conversation, people: info.people, partner, isFixed: isDirect && partner !== undefined });
    part(".empty h3").textContent =
      `Say something ${isDirect ? `to ${info.apps[0]?.bot ?? "the bot"}` : `in ${label}`}.`;
    part(".chips").replaceChildren(
      ...suggestions(name, info.apps[0]?.bot).map((text) =>
        h("li", {}, h("button", { type: "button", class: "chip", onclick: () => composer.say(text) }, text)),
      ),
    );
    part(".next").textContent = nextSteps(can);
    drawWiden();
    drawNews();
  }

  function drawWiden() {
    element.classList.toggle("wide", isWide);
    const link = part(".widen");
    link.textContent = isWide ? "Narrow" : "Widen";
    link.setAttribute("aria-label", `${link.textContent} ${info.title}`);
    link.href = isWide ? "#all" : hashOf(name, conversation);
  }

  function drawNews() {
    for (const option of select.options) {
      const { label } = info.conversations.find((/** @type {any} */ each) => each.name === option.value);
      const count = option.value === conversation ? 0 : (unread.get(option.value) ?? 0);
      option.textContent = count > 0 ? `${label} (${count} new)` : label;
    }
    const elsewhere = [...unread].reduce((sum, [where, count]) => sum + (where === conversation ? 0 : count), 0);
    newsButton.hidden = elsewhere === 0;
    newsButton.textContent = `${elsewhere} new`;
    newsButton.setAttribute("aria-label", `${elsewhere} new in other conversations: go there`);
    onNews();
  }

  /** @param {string} wanted its name; an unknown one opens the platform's first conversation */
  function open(wanted) {
    conversation = wanted;
    if (here() === undefined) conversation = info.home;
    if (isSeen) unread.delete(conversation);
    drawPlace();
    return load();
  }

  async function load() {
    loads += 1;
    const mine = loads;
    const query = new URLSearchParams({ conversation, limit: "300" });
    const all = await get(`/${name}/messages?${query}`);
    if (mine !== loads) return;
    all.forEach(onHeard);
    messages.showAll(all);
  }

  /** @param {string} where */
  function note(where) {
    unread.set(where, (unread.get(where) ?? 0) + 1);
    drawNews();
  }

  return {
    name,
    element,
    update,
    open,
    title: () => info.title,
    apps: () => info.apps,
    where: () => conversation,
    fail: composer.fail,
    focus: composer.focus,
    mark: messages.mark,
    isFresh: messages.isFresh,
    unread: () => [...unread.values()].reduce((sum, count) => sum + count, 0),
    forgetUnread() {
      unread.clear();
      drawNews();
    },
    /** @param {boolean} seen whether somebody has the column before their eyes */
    see(seen) {
      isSeen = seen;
      if (seen && unread.delete(conversation)) drawNews();
    },
    /** @param {boolean} wide */
    widen(wide) {
      isWide = wide;
      drawWiden();
    },
    /** @param {any} event of the feed, about this platform @returns {boolean} whether it was new and in the open conversation */
    hear(event) {
      const isHere = event.conversation === conversation;
      if (event.type === "deleted") {
        if (isHere) messages.drop(event.id);
      } else if (event.type === "reaction") {
        if (isHere) messages.react(event.id, event.reactions);
      } else {
        onHeard(event.message);
        if (isHere) messages.show(event.message);
        if (event.type === "message" && !(isHere && isSeen)) note(event.conversation);
      }
      return isHere && event.type === "message";
    },
    /** @param {string} where */
    knows: (where) => info.conversations.some((/** @type {any} */ each) => each.name === where),
    /** @param {any[]} faults */
    setFaults(faults) {
      info.faults = faults;
      bots.show(info);
    },
    /** @param {string} app @param {boolean} reachable */
    reach(app, reachable) {
      for (const each of info.apps) if (each.name === app) each.reachable = reachable;
      bots.show(info);
    },
    /** What `GET /sandbox` said of it last, and what the feed has told since. */
    info: () => info,
  };
}

/** @param {string} platform @param {string} conversation */
export function hashOf(platform, conversation) {
  return `#${platform}/${encodeURIComponent(conversation)}`;
}

/** Whose conversation it is: their name is part of its. @param {string} conversation @param {string[]} people */
function partnerIn(conversation, people) {
  return conversation.split(/[^\w.-]+/).find((word) => people.includes(word));
}
