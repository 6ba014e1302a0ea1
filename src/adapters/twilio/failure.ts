/** What one of Twilio's error codes means for a message. */
export interface Meaning {
  readonly remedy: string;
  /** Sending the same again cannot help. */
  readonly permanent: boolean;
}

const FOR_GOOD = true;
const FOR_NOW = false;

/** The person has opted out of messages from this sender. */
export const OPTED_OUT = 21610;
/** Too many messages of one sender wait at Twilio. */
export const QUEUE_FULL = 21611;
/** Too many requests at once. */
export const TOO_MANY_REQUESTS = 20429;
/** Of a refusal for the sake of a file: the same text without it would be taken. */
export const MEDIA_REFUSED: readonly string[] = ["12300", "21620", "21623"];

/** https://www.twilio.com/docs/api/errors */
const MEANINGS: Readonly<Record<number, Meaning>> = {
  20003: meaning("Check TWILIO_ACCOUNT_SID with TWILIO_AUTH_TOKEN, or the API key with its secret.", FOR_GOOD),
  20404: meaning("There is no such thing in this account. Check TWILIO_ACCOUNT_SID.", FOR_GOOD),
  21211: meaning("This is not a phone number. Write it with its country: +16505551111.", FOR_GOOD),
  21408: meaning("Allow the country in the console: Messaging, Settings, Geo permissions.", FOR_GOOD),
  21603: meaning("Set TWILIO_FROM to a number of the account.", FOR_GOOD),
  21606: meaning("TWILIO_FROM is not a number of this account that can send messages.", FOR_GOOD),
  21609: meaning("Set HOBNOB_URL to the bot's public https address.", FOR_GOOD),
  [OPTED_OUT]: meaning("The person has sent STOP. Only START from the same phone lifts it.", FOR_GOOD),
  21612: meaning("Twilio has no way from this sender to that number. Use another sender.", FOR_GOOD),
  21614: meaning("The number cannot get messages: it is no mobile number.", FOR_GOOD),
  21617: meaning("The text is longer than 1,600 characters.", FOR_GOOD),
  21619: meaning("The message has neither a text nor a file.", FOR_GOOD),
  21620: meaning("Twilio must be able to fetch the file by https without a password.", FOR_GOOD),
  21623: meaning("A message takes ten files at most.", FOR_GOOD),
  21910: meaning(
    "Sender and receiver are on different channels: a `whatsapp:` number needs a `whatsapp:` sender.",
    FOR_GOOD,
  ),
  30002: meaning("The account is suspended. Look at the console's billing page.", FOR_GOOD),
  30003: meaning("The phone is off or out of reach.", FOR_NOW),
  30004: meaning("The phone or its carrier blocks messages.", FOR_GOOD),
  30005: meaning("The number does not exist, or its phone is off for long.", FOR_GOOD),
  30006: meaning("The number is a landline, or its carrier cannot be reached.", FOR_GOOD),
  30007: meaning("The carrier took it for spam. Register the sender and look at the text.", FOR_GOOD),
  30008: meaning("The carrier gave no reason. Send a short plain text to see whether it gets through.", FOR_NOW),
  30034: meaning("Register the number for A2P 10DLC in the console, or carriers in the US block it.", FOR_GOOD),
  63007: meaning("The sender is no WhatsApp sender of this account.", FOR_GOOD),
  63016: meaning(
    "The person last wrote over 24 hours ago. WhatsApp then takes an approved template only: `native: { twilio: { ContentSid } }`.",
    FOR_GOOD,
  ),
  63018: meaning("The sender's rate on this channel is used up.", FOR_NOW),
  63019: meaning("Twilio could not fetch the file.", FOR_GOOD),
};

/** What can be done about an error code; undefined for a code that is not known here. */
export function meaningOf(code: number): Meaning | undefined {
  return Object.hasOwn(MEANINGS, code) ? MEANINGS[code] : undefined;
}

function meaning(remedy: string, permanent: boolean): Meaning {
  return { remedy, permanent };
}
