import { DeliveryError } from "../../core/index.ts";

/** Who is called, but for those who are on call. */
export const ZENDESK = "Zendesk";

/** Zendesk refused a call, failed at it, or could not be reached. */
export class ZendeskError extends DeliveryError {
  /** 0 when there was no answer. */
  readonly status: number;
  /** Zendesk's own code, for example `RecordInvalid`. */
  readonly reason: string;
  /** The fields that a `RecordInvalid` is about. */
  readonly fields: readonly string[];

  constructor(
    message: string,
    options: {
      readonly status: number;
      readonly maybeSent: boolean;
      readonly permanent?: boolean;
      readonly reason?: string;
      readonly fields?: readonly string[];
    },
  ) {
    super(message, options);
    this.name = "ZendeskError";
    this.status = options.status;
    this.reason = options.reason ?? "";
    this.fields = options.fields ?? [];
  }
}

/** Is this the refusal of a ticket that Zendesk has closed for good? */
export function isClosedForGood(error: unknown): boolean {
  return error instanceof ZendeskError && error.status === 422 && error.fields.includes("status");
}

/** Is what was asked for no longer there? */
export function isGone(error: unknown): boolean {
  return error instanceof ZendeskError && (error.status === 404 || error.status === 410);
}

/** The error of an answer that says no. What it says in words may quote a person: only its codes are kept. */
export function refused(
  { service = ZENDESK, name }: { readonly service?: string; readonly name: string },
  status: number,
  body: unknown,
): ZendeskError {
  const { error, details } = isObject(body) ? body : {};
  const named = isObject(error) ? error.title : error;
  const reason = typeof named === "string" && /^[\w ']{1,60}$/.test(named) ? named : `HTTP ${status}`;
  const fields = isObject(details) ? Object.keys(details).filter((field) => /^\w{1,60}$/.test(field)) : [];
  const about = fields.length === 0 ? "" : ` (${fields.join(", ")})`;
  const isLogin = service === ZENDESK && (status === 401 || status === 403);
  const remedy = isLogin ? " Look at ZENDESK_OAUTH_TOKEN, its scopes, and what its user may do." : "";
  return new ZendeskError(`${service} refused ${name}: ${reason}${about}.${remedy}`, {
    status,
    reason,
    fields,
    maybeSent: status >= 500,
    // Credentials are mended by people, who need a while.
    permanent: [400, 404, 410, 413, 415, 422].includes(status),
  });
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
