import { abilityChecks } from "./abilities.ts";
import type { ContractCheck } from "./check.ts";
import { hearingChecks } from "./hearing.ts";
import { lifeChecks } from "./life.ts";
import { speakingChecks } from "./speaking.ts";
import type { AdapterSubject } from "./subject.ts";
import { troubleChecks } from "./trouble.ts";

/**
 * What every adapter has to do right, as checks for any test runner: real bots on memory storage, each with an adapter
 * and a platform of its own.
 *
 * @example
 * for (const check of adapterContract(subject)) test(check.name, check.run);
 */
export function adapterContract(subject: AdapterSubject): readonly ContractCheck[] {
  const hasWebhook = subject.abilities.includes("webhook");
  return [
    ...lifeChecks(subject),
    ...abilityChecks(subject),
    ...(hasWebhook ? hearingChecks(subject) : []),
    ...speakingChecks(subject),
    ...troubleChecks(subject),
  ];
}
