import { localIso } from '../../domain/phone/expiry';
import { maxSessionBytes } from '../../domain/phone/session';
import { organisations } from '../../storage/queries/people';
import { type PhoneDocument, phoneDocuments, type PhoneSession } from '../../storage/queries/phone';
import type { Config } from '../config';
import type { Deps } from '../deps';
import type { Translator } from '../texts/i18n';
import { dataUrl, type PhoneTokens } from './addresses';

type PhoneConfig = NonNullable<Config['phone']>;
type Names = { nameRu: string; nameKz: string; nameEn: string };
const sameIn3 = (name: string): Names => ({ nameRu: name, nameKz: name, nameEn: name });

/** API No. 1: what is asked for, by whom, until when, and where the documents are. */
export async function offerJson(deps: Deps, config: PhoneConfig, session: PhoneSession, tokens: PhoneTokens, { t }: Translator) {
  const all = await organisations(deps.db);
  const organisation = all.find(({ id }) => id === session.organisationId) ?? all[0];
  const documents = await phoneDocuments(deps.db, session.id);
  const site = new URL(deps.config.publicUrl).host;
  return {
    description:
      session.purpose === 'sign'
        ? t(documents.length === 1 ? 'phone.offer.sign' : 'phone.offer.signMany', { title: session.title, n: documents.length })
        : t(`phone.offer.${session.purpose}`, { site }),
    expiry_date: localIso(session.expiresAt.getTime()),
    organisation: { ...sameIn3(organisation?.name ?? 'Kense'), bin: organisation?.bin ?? '' },
    document: {
      uri: dataUrl(config, tokens.data),
      auth_type: session.authType,
      auth_token: session.authType === 'Token' ? tokens.token : '',
    },
  };
}

/** One entry of `documentsToSign`, in either direction. */
export type DocumentToSign = Names & {
  id: number;
  meta?: { name: string; value: string }[];
  documentXml?: string;
  document?: { file: { mime: string; data: string } };
};

export type DataJson = { signMethod: string; version: number; documentsToSign: DocumentToSign[] };

/** API No. 2: the documents themselves. Entries are numbered from 1 in the order of the session. */
export async function dataJson(deps: Deps, session: PhoneSession, { t, number }: Translator): Promise<DataJson> {
  return {
    signMethod: session.signMethod,
    version: 1,
    documentsToSign:
      session.purpose === 'sign'
        ? await documentsJson(deps, await phoneDocuments(deps.db, session.id), t, number)
        : [{ id: 1, ...namesOfEntry(deps, session), meta: [], documentXml: session.xml ?? '' }],
  };
}

/** What an entry is called on the phone, in all three languages. */
export const namesOfEntry = (deps: Pick<Deps, 'config' | 'texts'>, session: PhoneSession): Names => {
  const site = new URL(deps.config.publicUrl).host;
  const name = (lang: 'ru' | 'kk' | 'en'): string => deps.texts(lang).t(`phone.offer.${session.purpose}`, { site });
  return { nameRu: name('ru'), nameKz: name('kk'), nameEn: name('en') };
};

/** What a document is called on the phone. */
export const namesOfDocument = ({ title }: { title: string }): Names => sameIn3(title);

/** The files go to the phone whole; a session holds at most 20 MB of them. */
async function documentsJson(
  deps: Deps,
  documents: readonly PhoneDocument[],
  t: Translator['t'],
  number: Translator['number'],
): Promise<DocumentToSign[]> {
  const entries: DocumentToSign[] = [];
  let bytes = 0;
  for (const [index, one] of documents.entries()) {
    const content = await deps.objects.getBytes(one.objectKey);
    bytes += content.length;
    if (bytes > maxSessionBytes) throw new Error('the documents of a phone session have grown');
    entries.push({
      id: index + 1,
      ...namesOfDocument(one),
      meta: [
        { name: t('phone.meta.from'), value: one.organisation },
        { name: t('phone.meta.initiator'), value: one.initiator },
        ...(one.number === '' ? [] : [{ name: t('phone.meta.number'), value: one.number }]),
        { name: t('phone.meta.file'), value: one.fileName },
        { name: t('phone.meta.size'), value: t('phone.meta.kilobytes', { n: number(Math.max(1, Math.round(one.sizeBytes / 1024))) }) },
      ],
      document: { file: { mime: one.mediaType === 'application/pdf' ? '@file/pdf' : '', data: content.toString('base64') } },
    });
  }
  return entries;
}
