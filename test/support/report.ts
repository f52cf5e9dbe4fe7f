import { plainSentence } from '../../scripts/launcher/failure';

/** Prints above jest's own output. */
export const say = (line: string): void => void process.stderr.write(`${line}\n`);

/** Runs a set-up step; a failure a person can act on ends the run with its one sentence. */
export async function plainly<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const sentence = plainSentence(error);
    if (sentence === null) throw error;
    say(sentence);
    process.exit(1);
  }
}
