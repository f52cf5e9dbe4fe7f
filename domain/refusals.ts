/** A refusal that ends the request: the table in refusals.ts turns the code into a status and words. */
export class Refusal extends Error {
  constructor(
    readonly code: string,
    readonly params: Record<string, string | number> = {},
  ) {
    super(code);
  }
}
