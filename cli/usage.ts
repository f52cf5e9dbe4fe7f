/** A wrong command line or an expected failure: one sentence, exit code 2. */
export class Usage extends Error {}
