/** What is to be drawn. */
export interface DrawRequest {
  /** A whole number from 0 to 2^32 - 1. The same one gives the same picture again. */
  readonly seed: number;
  /** How far the picture may stray: 0 is the average, 1 is wild, and a number below 0 is the opposite of the one above. */
  readonly truncation: number;
  /** Aborted on time-out and when the bot stops. */
  readonly signal: AbortSignal;
}

/** Makes pictures. */
export interface Generator {
  /** Resolves with a PNG. @throws HobnobError `IMAGE_FAILED`, RateLimitError while it takes no more */
  draw(request: DrawRequest): Promise<Uint8Array>;
}
