import type { Answer, Browser } from './browser';
import { until } from './until';

/** Has files checked as a visitor who waits for the result, however busy the machine is; the visitor has seen the form before. */
export async function checkFiles(visitor: Browser, files: Parameters<Browser['upload']>[2]): Promise<Answer> {
  const answer = await visitor.upload('/check', {}, files);
  if (answer.status !== 303) return answer;
  return until('the check', async () => {
    const page = await visitor.get(answer.location);
    return page.headers.get('refresh') === null && page;
  });
}
