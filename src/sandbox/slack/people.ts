import { fail, type Methods } from "./method.ts";
import { wirePerson } from "./wire.ts";

export const peopleMethods: Methods = {
  "api.test": () => ({}),

  "auth.test": ({ app, workspace: { team } }) => ({
    url: `https://${team.domain}.slack.com/`,
    team: team.name,
    user: app.user.name,
    team_id: team.id,
    user_id: app.user.id,
    bot_id: app.user.bot.id,
    is_enterprise_install: false,
  }),

  "auth.revoke": ({ args, app, workspace }) => {
    if (!args.flag("test")) workspace.tokens.revokeAll(app.name);
    return { revoked: !args.flag("test") };
  },

  "team.info": ({ workspace: { team } }) => ({ team: { ...team, email_domain: "", icon: { image_default: true } } }),

  "bots.info": ({ args, workspace }) => {
    const id = args.text("bot");
    const user = workspace.people().find(({ bot }) => bot && bot.id === id);
    if (!user?.bot) return fail("bot_not_found");
    return {
      bot: { id: user.bot.id, deleted: false, name: user.name, app_id: user.bot.appId, user_id: user.id, icons: {} },
    };
  },

  "users.info": ({ args, workspace }) => {
    const person = workspace.personById(args.text("user") ?? "");
    return person ? { user: wirePerson(person, workspace) } : fail("user_not_found");
  },

  "users.list": ({ workspace }) => ({
    members: workspace.people().map((person) => wirePerson(person, workspace)),
    cache_ts: Math.floor(Date.now() / 1000),
    response_metadata: { next_cursor: "" },
  }),

  "users.lookupByEmail": ({ args, workspace }) => {
    const email = args.text("email");
    const person = workspace.people().find((known) => known.email !== undefined && known.email === email);
    return person ? { user: wirePerson(person, workspace) } : fail("users_not_found");
  },
};
