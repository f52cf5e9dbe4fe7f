import type { Answer, Browser } from './browser';
import { until } from './until';

/** The result of a check as a visitor waits for it, however busy the machine is. */
export async function checked(visitor: Browser, asked: Promise<Answer>): Promise<Answer> {
  const answer = await asked;
  if (answer.status !== 303) return answer;
  return until('the check', async () => {
    const page = await visitor.get(answer.location);
    return page.headers.get('refresh') === null && page;
  });
}

/** Has files checked on the public page; the visitor has seen its form before. */
export const checkFiles = (visitor: Browser, files: Parameters<Browser['upload']>[2]): Promise<Answer> =>
  checked(visitor, visitor.upload('/check', {}, files));
