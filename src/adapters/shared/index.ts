// What adapters are made of, for those of third parties too.

export { addressesOf } from "./address.ts";
export { JSON_HEADERS, json, notTaken, OK, page, redirect, refusal } from "./answer.ts";
export { contentType, readForm, readJson, readText } from "./body.ts";
export { type Answer, type Call, type Client, type ClientOptions, createClient, type Refusal } from "./client.ts";
export { isRefused, notSent, readRetryAfter, unless } from "./failure.ts";
export {
  type Fields,
  isFields,
  malformed,
  maybeFields,
  maybeString,
  readFields,
  readList,
  readString,
} from "./fields.ts";
export { createFleetTurns, type FleetTurns } from "./fleet-turns.ts";
export { createHandshake, type HandshakeOptions, nothingToInstall } from "./handshake.ts";
export { assertStarted, cannotStart, notStarted } from "./life.ts";
export { checkBaseUrl, environmentName, missingOf, type OptionReader, readOptions } from "./options.ts";
export { type Dialect, PLAIN, renderPlain } from "./plain.ts";
export { isReachable } from "./reach.ts";
export { createSaid } from "./said.ts";
export { hmac, isSame } from "./signature.ts";
