/** One thing that an adapter has to do right. */
export interface ContractCheck {
  /** A sentence of which the adapter is the subject. */
  readonly name: string;
  /** Rejects with a sentence that says what went wrong. Checks may run at the same time. */
  run(): Promise<void>;
}
