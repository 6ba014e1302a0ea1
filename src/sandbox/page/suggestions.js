/** What to say first, in the manner of each platform; Slack's will do for any other. @type {Record<string, any>} */
const SUGGESTIONS = {
  slack: (bot) => ["Hey! where is my pizza?", `@${bot} what is a queue?`, "Is there any pizza left?"],
  twist: (bot) => ["Who orders the pizza for the offsite?", `@${bot} stale threads`, "Pizza on Friday?"],
  twitter: (bot) => [`@${bot} where is my pizza?`, `@${bot} moename hey give me an anime girl`, `@${bot} moerand`],
  livechat: () => ["My pizza has not arrived yet.", "Hello, is anybody there?", "Can I still change my pizza?"],
  twilio: () => ["Where is my pizza?", "moerand", "Hello, who is this?"],
  zendesk: () => ["We are looking into it.", "/note Ask for the order first.", "/email Where is my pizza?"],
};

/** What to try after the first answer, by the ability it needs. */
const NEXT = [
  { needs: "uninstall", what: "take the bot away and install it again" },
  { needs: "command", what: "type a /command" },
  { needs: "thread", what: "answer in a thread" },
  { needs: "file", what: "attach a picture" },
  { needs: "edit", what: "edit what you said" },
  { needs: "react", what: "react to it" },
];

/**
 * Three things to say.
 * @param {string} platform
 * @param {string | undefined} bot what people call it there
 */
export function suggestions(platform, bot) {
  const make = SUGGESTIONS[platform] ?? SUGGESTIONS.slack;
  return make(bot?.replace(/^@/, "") ?? "hobnob");
}

/** @param {(ability: string) => boolean} can @returns {string} a sentence on what to try next */
export function nextSteps(can) {
  const steps = NEXT.filter(({ needs }) => can(needs))
    .map(({ what }) => what)
    .slice(0, 3);
  steps.push("break something");
  return `Then ${new Intl.ListFormat("en").format(steps)}. “Start over” brings all back to this point.`;
}
