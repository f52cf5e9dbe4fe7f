/** An expected refusal is a value: the code selects the HTTP status and the words shown. */
export type Refusal<Code extends string> = { ok: false; code: Code };

/** Marks the unreachable end of an exhaustive switch. */
export function never(value: never): never {
  throw new Error(`unexpected value ${JSON.stringify(value)}`);
}
