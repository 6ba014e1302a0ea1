import { addressesOf } from "../shared/address.ts";

/** Is this an address of Slack's, to which texts and tokens may go? */
export const isSlackAddress = addressesOf("slack.com", "slack-gov.com");
