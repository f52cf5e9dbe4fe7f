import { type Request, Router } from 'express';
import { isUlid } from '../../domain/ids';
import { Refusal } from '../../domain/refusals';
import { evidenceSender } from '../../integrations/temporal/evidence';
import { noteAccess } from '../../services/documents/access';
import { signatureName } from '../../services/documents/names';
import type { Place } from '../../services/documents/place';
import { intactProof, intactSignature } from '../../services/evidence/intact';
import { type Evidence, evidenceOf, evidenceReport } from '../../storage/queries/evidence';
import { routeOfDocument, type RoutePage } from '../../storage/queries/routes';
import { type SignatureRecord, signaturesOf } from '../../storage/queries/signatures';
import type { WebDeps } from '../kit/context';
import { contentDisposition } from '../kit/download';
import type { Responder } from '../kit/respond';
import { lookerOf } from '../kit/visitor';
import { presentReport } from './presenters';

type Found = { place: Place; page: RoutePage; signature: SignatureRecord; index: number; evidence: Evidence | null };

/** The report about one signature in its forms, and the signature itself with and without its proof. */
export function evidenceRoutes(deps: WebDeps, respond: Responder, find: (req: Request) => Promise<Place>): Router {
  const router = Router({ mergeParams: true });

  const found = async (req: Request): Promise<Found> => {
    const place = await find(req);
    const { signature: id } = req.params as Record<string, string>;
    for (let attempt = place.document.attempt; isUlid(id) && attempt > 0; attempt--) {
      if (place.attempts !== 'all' && !place.attempts.includes(attempt)) continue;
      const page = await routeOfDocument(deps.db, place.document.id, attempt);
      const signatures = page ? await signaturesOf(deps.db, page.route.id) : [];
      const index = signatures.findIndex((s) => s.id === id);
      const signature = signatures[index];
      if (!page || !signature) continue;
      const evidence = (await evidenceOf(deps.db, [signature.id])).get(signature.id) ?? null;
      return { place, page, signature, index, evidence };
    }
    throw new Refusal('not_found');
  };

  router.get('/signatures/:signature.proof.cms', async (req, res) => {
    const { place, signature, index, evidence } = await found(req);
    if (!evidence?.objectKey) throw new Refusal('not_found');
    const name = signatureName(place.document.file, signature, index).replace(/\.cms$/, '.proof.cms');
    const bytes = await intactProof(deps, evidence.objectKey);
    await noteAccess(deps, lookerOf(req), place, 'document.downloaded', 'proof');
    res.set({ 'Content-Type': 'application/pkcs7-signature', 'Content-Disposition': contentDisposition('attachment', name) }).send(bytes);
  });

  router.get('/signatures/:signature.cms', async (req, res) => {
    const { place, signature, index } = await found(req);
    const name = signatureName(place.document.file, signature, index);
    const bytes = await intactSignature(deps, signature);
    await noteAccess(deps, lookerOf(req), place, 'document.downloaded', 'signature');
    res.set({ 'Content-Type': 'application/pkcs7-signature', 'Content-Disposition': contentDisposition('attachment', name) }).send(bytes);
  });

  router.get('/signatures/:signature.json', async (req, res) => {
    const { signature } = await found(req);
    const report = (await evidenceReport(deps.db, signature.id)) ?? signature.report;
    res.type('json').send(JSON.stringify(JSON.parse(report), null, 2));
  });

  router.get('/signatures/:signature', async (req, res) => {
    const { place, page, signature, evidence } = await found(req);
    const kind = page.route.stages.find((s) => s.participants.some((p) => p.id === signature.participantId))?.kind ?? 'sign';
    const proof = evidence && { evidence, report: await evidenceReport(deps.db, signature.id) };
    const isMember = place.actor.kind === 'member';
    const data = presentReport(place.document, place.base, signature, kind, proof, isMember);
    await respond.page(req, res, isMember ? 'pages/signatures/show' : 'pages/signatures/sheet', data, isMember ? 'documents' : null);
  });

  router.post('/signatures/:signature/retry', async (req, res) => {
    const { place, signature, evidence } = await found(req);
    if (place.actor.kind !== 'member') throw new Refusal('forbidden');
    if (evidence?.state === 'gathering') await evidenceSender(deps.temporal.client).wake(signature.id);
    respond.go(req, res, `${place.base}/signatures/${signature.id}`, { tone: 'ok', key: 'flash.evidence_asked' });
  });

  return router;
}
