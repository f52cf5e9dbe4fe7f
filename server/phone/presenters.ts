import QRCode from 'qrcode';
import { isFinal, stageOf } from '../../domain/phone/session';
import { phoneLinks, phoneTokens } from '../../services/phone/addresses';
import { factsOf, phoneConfig } from '../../services/phone/create';
import { type PhoneDocument, phoneDocuments, type PhoneSession } from '../../storage/queries/phone';
import type { WebDeps } from '../kit/context';
import type { PhoneDocumentView, PhoneStateView } from './pages';

/** The addresses a session's page is made of. */
export type PhonePlace = {
  /** The session's own page. */
  url: string;
  againUrl: string;
  doneUrl: string;
  closes: boolean;
  /** How a document is reached; null where it is not. */
  documentHref: (id: string) => string | null;
  returnTo?: string | null;
};

/** The code as a picture for `<img>`: black on white in every theme, with the quiet zone scanners want. */
async function codeImage(text: string): Promise<string> {
  const svg = await QRCode.toString(text, { type: 'svg', errorCorrectionLevel: 'M', margin: 2 });
  return `data:image/svg+xml;base64,${Buffer.from(svg).toString('base64')}`;
}

/** Where a session stands, as its page shows it. */
export async function presentPhone(deps: WebDeps, session: PhoneSession, place: PhonePlace): Promise<PhoneStateView> {
  const config = phoneConfig(deps);
  const stage = stageOf(factsOf(session), deps.now().getTime());
  const documents = session.purpose === 'sign' ? await phoneDocuments(deps.db, session.id) : [];
  const links = phoneLinks(config, phoneTokens(deps.config.secrets, session.id, session.codeVersion, session.tokenHash));
  const query = place.returnTo ? `?return_to=${encodeURIComponent(place.returnTo)}` : '';
  return {
    purpose: session.purpose,
    stage,
    isLive: !isFinal(session.state) && stage !== 'expired',
    pollUrl: `${place.url}${query}`,
    codeUrl: `${place.url}/code${query}`,
    againUrl: place.againUrl,
    doneUrl: place.doneUrl,
    closes: place.closes,
    code:
      stage === 'created'
        ? {
            image: await codeImage(links.code),
            until: session.codeExpiresAt.toISOString(),
            mobile: links.mobile,
            business: links.business,
            simulator: config.windowUrl && `${config.windowUrl}/?link=${encodeURIComponent(links.code)}`,
          }
        : null,
    expiresAt: session.expiresAt.toISOString(),
    error: session.state === 'refused' ? { code: session.code ?? 'phone.already_refused' } : null,
    documents: documents.map((one) => presentDocument(one, place)),
    signer: session.signerName,
    finish:
      session.purpose !== 'sign' && session.state === 'signed' && session.usedAt === null
        ? { action: place.url, returnTo: place.returnTo ?? null }
        : null,
  };
}

const presentDocument = (one: PhoneDocument, { documentHref }: PhonePlace): PhoneDocumentView => ({
  title: one.title,
  href: documentHref(one.documentId),
  sizeBytes: one.sizeBytes,
  state: one.state,
  reason: one.state === 'failed' ? { code: one.code ?? 'route.ended' } : null,
});
