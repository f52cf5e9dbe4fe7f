/** Compiles the sources when one is newer than the last build. False when the types do not hold; the code is emitted all the same. */
export function build(): Promise<boolean>;
