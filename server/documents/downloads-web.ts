import { pipeline } from 'node:stream/promises';
import { ZipArchive } from 'archiver';
import { type Request, type Response, Router } from 'express';
import { displayOf } from '../../domain/documents/file-type';
import { Refusal } from '../../domain/refusals';
import { noteAccess } from '../../services/documents/access';
import { signatureName, withoutExtension } from '../../services/documents/names';
import { evidencePack } from '../../services/documents/pack';
import { attemptPage, type Place } from '../../services/documents/place';
import { cardLanguages, cardPdf, signedPdf } from '../../services/documents/signed-pdf';
import { intactFile, intactSignature } from '../../services/evidence/intact';
import type { StoredFile } from '../../storage/queries/documents';
import { signaturesOf } from '../../storage/queries/signatures';
import type { WebDeps } from '../kit/context';
import { contentDisposition } from '../kit/download';
import { lookerOf } from '../kit/visitor';
import { wantedAttempt } from './load';

/** Whatever people take away: the file as shown and as it came, signatures, the zip of both, the PDF with its sheet. */
export function downloadRoutes(deps: WebDeps, find: (req: Request) => Promise<Place>): Router {
  const router = Router({ mergeParams: true });

  const sendFile = async (res: Response, file: StoredFile, disposition: 'inline' | 'attachment'): Promise<void> => {
    res.set({
      'Content-Type': file.mediaType,
      'Content-Disposition': contentDisposition(disposition, file.name),
      'Content-Security-Policy': "default-src 'none'; sandbox", // an uploaded file never runs as a page of ours
    });
    const body = await intactFile(deps, file);
    res.set('Content-Length', String(file.sizeBytes));
    await pipeline(body, res).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error; // the reader closed the page
    });
  };

  /** What is taken away is written down before it is sent. */
  const taken = async (req: Request, what: string) => {
    const place = await find(req);
    const found = await shown(deps, req, place);
    await noteAccess(deps, lookerOf(req), place, 'document.downloaded', what);
    return found;
  };

  router.get('/file', async (req, res) => {
    const { document } = await shown(deps, req, await find(req));
    await sendFile(res, document.file, displayOf(document.file.mediaType) === 'download' ? 'attachment' : 'inline');
  });

  router.get('/original', async (req, res) => {
    const { document } = await taken(req, 'original');
    await sendFile(res, document.file, 'attachment');
  });

  router.get('/download/zip', async (req, res) => {
    const { document, signatures } = await taken(req, 'zip');
    const kept = await Promise.all(signatures.map((signature) => intactSignature(deps, signature)));
    res.set({
      'Content-Type': 'application/zip',
      'Content-Disposition': contentDisposition('attachment', `${withoutExtension(document.file.name)}.zip`),
    });
    const zip = new ZipArchive({ store: true });
    const original = await intactFile(deps, document.file);
    original.once('error', (error) => zip.destroy(error));
    const sent = pipeline(zip, res);
    zip.append(original, { name: document.file.name, date: deps.now() });
    for (const [index, signature] of signatures.entries()) {
      zip.append(kept[index] ?? Buffer.alloc(0), {
        name: signatureName(document.file, signature, index),
        date: signature.receivedAt,
      });
    }
    await zip.finalize();
    await sent;
  });

  router.get('/download/pdf', async (req, res) => {
    const { document, page, signatures } = await taken(req, 'pdf');
    if (!page || signatures.length === 0) throw new Refusal('document.not_signed');
    const bytes = await signedPdf(deps, { routeId: page.route.id, documentId: document.id, signatures }, req.kense.lang);
    if (!bytes) throw new Refusal('document.pdf_not_ready');
    res.set({
      'Content-Type': 'application/pdf',
      'Content-Disposition': contentDisposition('attachment', `${withoutExtension(document.file.name)}.signed.pdf`),
    });
    await pipeline(bytes, res);
  });

  router.get('/download/card.pdf', async (req, res) => {
    const { document, page, signatures } = await taken(req, 'card');
    if (!page || signatures.length === 0) throw new Refusal('document.not_signed');
    const language = cardLanguages.find((one) => one === req.query.lang) ?? req.kense.lang;
    const wanted = { routeId: page.route.id, documentId: document.id, signatures };
    const bytes = await cardPdf(deps, wanted, { language, printed: req.query.qr === '1' });
    if (!bytes) throw new Refusal('document.card_not_ready');
    res.set({
      'Content-Type': 'application/pdf',
      'Content-Disposition': contentDisposition('attachment', `${withoutExtension(document.file.name)}.card.pdf`),
    });
    await pipeline(bytes, res);
  });

  router.get('/download/pack.zip', async (req, res) => {
    const place = await find(req);
    if (place.actor.kind !== 'member') throw new Refusal('not_found'); // the log is the house's own
    const { document, page, signatures } = await shown(deps, req, place);
    await noteAccess(deps, lookerOf(req), place, 'document.downloaded', 'pack');
    if (!page || signatures.length === 0) throw new Refusal('document.not_signed');
    const purposeOf = (participantId: string): string =>
      page.route.stages.find((s) => s.participants.some((p) => p.id === participantId))?.kind ?? 'sign';
    const signed = signatures.map((s) => ({ ...s, purpose: purposeOf(s.participantId) }));
    const zip = await evidencePack(deps, { document, signatures: signed }, req.kense.lang);
    res.set({
      'Content-Type': 'application/zip',
      'Content-Disposition': contentDisposition('attachment', `${withoutExtension(document.file.name)}.pack.zip`),
    });
    await pipeline(zip, res);
  });

  return router;
}

async function shown(deps: WebDeps, req: Request, place: Place) {
  const { document, page } = await attemptPage(deps, place, wantedAttempt(req, place));
  return { document, page, signatures: page ? await signaturesOf(deps.db, page.route.id) : [] };
}
