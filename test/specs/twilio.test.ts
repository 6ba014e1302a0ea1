import { test } from "vitest";
import { twilioSubject } from "../adapters/twilio/subject.ts";
import { type Exceptions, examineContract } from "./examine.ts";
import { loadSpec } from "./spec.ts";

const UNSET = "Twilio's own examples show an empty text where no application is set.";
const RELATIVE = "Twilio's own examples show paths there, and its helper libraries take them for that.";
const NUMBER = "api.v2010.account.incoming_phone_number";
const MESSAGES = "GET /2010-04-01/Accounts/{AccountSid}/Messages.json: answer 200";

const EXCEPTIONS: Exceptions = {
  [`${NUMBER} /sms_application_sid must NOT have fewer than 34 characters`]: UNSET,
  [`${NUMBER} /sms_application_sid must match pattern "^AP[0-9a-fA-F]{32}$"`]: UNSET,
  [`${MESSAGES} /first_page_uri must match format "uri"`]: RELATIVE,
  [`${MESSAGES} /uri must match format "uri"`]: RELATIVE,
};

test("the Twilio adapter calls, and the simulator answers, as Twilio's description of its API says", async () => {
  const spec = loadSpec("twilio", {
    // Without `.json` it is the file itself.
    toPath: (path) => (path.startsWith("api/") && path.endsWith(".json") ? path.slice("api".length) : undefined),
  });
  await examineContract(twilioSubject, spec, EXCEPTIONS);
});
