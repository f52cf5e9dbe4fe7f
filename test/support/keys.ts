import { makeCms } from '../../signature/make';
import type { TestApplication } from './application';
import type { TestKey } from './authority';
import type { Answer, Asked, Browser } from './browser';

/** The text a page gives out to be signed. */
export const challengeOf = (page: Answer): { id: string; text: Buffer } => ({
  id: /name="challenge" value="([^"]+)"/.exec(page.text)?.[1] ?? '',
  text: Buffer.from(/data-text="([^"]+)"/.exec(page.text)?.[1] ?? '', 'base64'),
});
/** A signature with the text enclosed, as NCALayer gives it. */
export const signedText = (by: TestKey, content: Uint8Array): string =>
  Buffer.from(makeCms({ ...by, document: { content, attached: true }, signingTime: new Date() })).toString('base64');

/** A key of the test authority on somebody's name. */
export const keyOf = (app: TestApplication, person: { name: string; iin: string }, bin?: string): TestKey =>
  app.authority.key({ name: person.name, iin: person.iin, ...(bin ? { bin } : {}) });

/** Signs in with a key. */
export async function signInByKey(browser: Browser, by: TestKey, asked: Asked = {}): Promise<Answer> {
  const { id, text } = challengeOf(await browser.get('/sign-in/eds', asked));
  return browser.post('/sign-in/eds', { challenge: id, cms: signedText(by, text) }, asked);
}
