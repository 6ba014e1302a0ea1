import { post, remove } from "./api.js";
import { byId, h } from "./dom.js";
import { duration } from "./road.js";

/** `on: "reply"` stands for the platform's own method of posting. */
const CHOICES = [
  {
    on: "reply",
    kind: "429",
    retryAfter: 3,
    label: "Too many",
    what: "The next reply gets a 429.",
    outcome: "Hobnob waits the three seconds it is told to, and uses no attempt.",
  },
  {
    on: "reply",
    kind: "500",
    label: "Server error",
    what: "The next reply gets a 500.",
    outcome: "It may have got through or not: Hobnob looks before it says it again.",
  },
  {
    on: "reply",
    kind: "lost-answer",
    label: "Lost answer",
    what: "The next reply is posted, then the line goes dead.",
    outcome: "Hobnob finds its own post and does not say it twice.",
  },
  {
    on: "events",
    kind: "duplicate",
    label: "Deliver twice",
    what: "The next event comes twice.",
    outcome: "The second is known by its id and dropped. One answer.",
  },
  {
    on: "events",
    kind: "lost-answer",
    label: "Lost acknowledgement",
    what: (/** @type {any} */ { retryDelays: [first], title }) =>
      `${title} does not hear the bot’s 200${first === undefined ? "; it never sends an event again." : ` and sends the event again ${when(first)}.`}`,
    outcome: "Stored once, handled once.",
  },
  {
    on: "events",
    kind: "reorder",
    label: "Out of order",
    what: "The next event waits until another has overtaken it, five seconds at most.",
    outcome: "Both are stored and answered; within one thread, in the order they arrive.",
  },
];

/** @type {any[]} */
let platforms = [];
const select = byId("break-on");

const current = () => platforms.find(({ platform }) => platform === select.value);
const target = (/** @type {any} */ choice) => (choice.on === "reply" ? current().replyMethod : choice.on);

/** @param {any[]} given what `GET /sandbox` says of the platforms */
export function showFaults(given) {
  const isKnown = given.map(({ platform }) => platform).join() === platforms.map(({ platform }) => platform).join();
  platforms = given;
  if (!isKnown) {
    const before = select.value;
    select.replaceChildren(...platforms.map(({ platform, title }) => h("option", { value: platform }, title)));
    if (platforms.some(({ platform }) => platform === before)) select.value = before;
  }
  draw();
}

/** The platform somebody turns to is the one that is broken next. @param {string} platform */
export function chooseFor(platform) {
  if (select.value === platform) return;
  select.value = platform;
  draw();
}

function draw() {
  const platform = current();
  if (!platform) return;
  const list = byId("faults");
  if (list.childElementCount === 0) list.append(...CHOICES.map(card));
  CHOICES.forEach((choice, index) => {
    const armed = platform.faults
      .filter((/** @type {any} */ fault) => fault.on === target(choice) && fault.kind === choice.kind)
      .reduce((/** @type {number} */ sum, /** @type {any} */ fault) => sum + fault.times, 0);
    const button = list.children[index].firstElementChild;
    button.classList.toggle("armed", armed > 0);
    button.querySelector(".armed-count").textContent = armed === 0 ? "" : armed === 1 ? "armed" : `armed ×${armed}`;
  });
  byId("faults-clear").hidden = platforms.every(({ faults }) => faults.length === 0);
}

/** @param {any} choice */
function card(choice) {
  const { kind, retryAfter, label, what, outcome } = choice;
  const explain = () =>
    byId("fault-says").replaceChildren(`${typeof what === "string" ? what : what(current())} `, h("b", {}, outcome));
  const arm = () => {
    explain();
    post(`/${select.value}/faults`, { on: target(choice), kind, retryAfter }).catch(complain);
  };
  return h(
    "li",
    {},
    h(
      "button",
      { type: "button", class: "fault", onclick: arm, onfocus: explain, onpointerenter: explain },
      h("span", {}, label),
      h("span", { class: "armed-count" }),
    ),
  );
}

/** @param {number} delay ms */
function when(delay) {
  return delay === 0 ? "at once" : `after ${duration(delay)}`;
}

/** @param {Error} problem */
function complain({ message }) {
  byId("fault-says").textContent = message;
}

select.addEventListener("change", draw);
byId("faults-clear").addEventListener("click", () => {
  byId("faults").querySelector("button")?.focus();
  for (const { platform, faults } of platforms) if (faults.length > 0) remove(`/${platform}/faults`).catch(complain);
});
