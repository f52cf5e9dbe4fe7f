import {
  type ApplicationOptions,
  type Data,
  type Misdeed,
  type Offer,
  PhoneApplication,
  PhoneError,
} from '../../scripts/simulators/phone/application';
import { phoneLinks, phoneTokens } from '../../services/phone/addresses';
import { phoneById } from '../../storage/queries/phone';
import type { TestApplication } from './application';
import type { TestKey } from './authority';
import type { Answer, Browser } from './browser';

/** Opens a page of signing with the phone (or of entering with it); returns the session's own page. */
export async function openPhone(browser: Browser, path: string): Promise<{ url: string; id: string; page: Answer }> {
  const made = await browser.get(path);
  if (made.status !== 303) throw new Error(`no phone session: ${made.status} ${made.text.slice(0, 300)}`);
  const page = await browser.get(made.location);
  return { url: made.location, id: phoneIdIn(made.location), page };
}

export const phoneIdIn = (url: string): string => /phone\/([0-9A-Z]{26})|qr\/([0-9A-Z]{26})/.exec(url)?.slice(1).find(Boolean) ?? '';

/** What the code on the page says, and the link for the telephone itself. */
export async function codeOf(app: TestApplication, id: string): Promise<{ code: string; link: string }> {
  const session = await phoneById(app.deps.db, id);
  const { phone } = app.config;
  if (!session || !phone) throw new Error('there is no such session');
  const { code, mobile } = phoneLinks(phone, phoneTokens(app.config.secrets, id, session.codeVersion, session.tokenHash));
  return { code, link: mobile };
}

export type Walk = { offer: Offer; data: Data; phone: PhoneApplication };

/** Scans the code and fetches the documents. */
export async function scan(app: TestApplication, id: string, key: TestKey, options: ApplicationOptions = {}): Promise<Walk> {
  const phone = new PhoneApplication(options);
  const offer = await phone.open((await codeOf(app, id)).code);
  return { phone, offer, data: await phone.fetchDocuments(offer, key) };
}

/** Signs and sends; the status, with the sentence of a refusal. */
export async function signAndPut(
  { phone, offer, data }: Walk,
  key: TestKey,
  misdeed?: Misdeed,
): Promise<{ status: number; message: string }> {
  return outcomeOf(phone.put(offer, phone.sign(data, key, misdeed)));
}

export const outcomeOf = (work: Promise<number>): Promise<{ status: number; message: string }> =>
  work.then(
    (status) => ({ status, message: '' }),
    (error: unknown) => {
      if (error instanceof PhoneError) return { status: error.status, message: error.message };
      throw error;
    },
  );
/** The refusal of a step that should not work. */
export const refusalOf = (work: Promise<unknown>): Promise<{ status: number; message: string }> => outcomeOf(work.then(() => 200));

export const stageIn = (answer: Answer): string => /data-stage="([^"]+)"/.exec(answer.text)?.[1] ?? `none: ${answer.status}`;
