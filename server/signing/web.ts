import express, { Router, type Request } from 'express';
import { isUlid } from '../../domain/ids';
import { mayGoToPhone } from '../../domain/phone/offered';
import { Refusal } from '../../domain/refusals';
import { participantFor, type Place } from '../../services/documents/place';
import { isPhoneOffered } from '../../services/phone/create';
import { demoChain } from '../../services/signing/demo-chain';
import { receiveSignature } from '../../services/signing/receive';
import { openSession } from '../../services/signing/sessions';
import { signingSession, type SigningSession } from '../../storage/queries/signatures';
import { commandOf } from '../kit/command';
import type { WebDeps } from '../kit/context';
import { presentFile } from '../kit/parts/file';
import { statusOf } from '../kit/refusals';
import type { Responder } from '../kit/respond';
import { csrfGuard } from '../kit/security';
import type { SigningResult, SigningSessionJson, SignPage } from './pages';

/** EKU of a signing certificate of the national authority: emailProtection; which keys NCALayer offers is narrowed by IIN. */
const signingUsage = '1.3.6.1.5.5.7.3.4';
/** A CMS of one signer with certificates and a time-stamp is some kilobytes; an attached document may make it larger. */
const signatureLimit = '12mb';

/** Signing on a PC: the dialog, the data it signs, and the receipt of the signature. */
export function signingRoutes(deps: WebDeps, respond: Responder, find: (req: Request) => Promise<Place>): Router {
  const router = Router({ mergeParams: true });

  router.get('/sign', async (req, res) => {
    const place = await find(req);
    const data = await presentDialog(deps, place);
    const isGuest = place.actor.kind === 'guest';
    if (req.kense.isHtmx) respond.fragment(req, res, 'fragments/signing/dialog', data);
    else await respond.page(req, res, isGuest ? 'pages/invitations/sign' : 'pages/documents/sign', data, isGuest ? null : 'to-sign');
  });

  router.get('/sign/:session', async (req, res) => {
    const place = await find(req);
    const session = await sessionFor(deps, place, (req.params as Record<string, string>).session);
    const { file } = place.document;
    if (session.fileId !== file.id) throw new Refusal('document.stale');
    const answer: SigningSessionJson = {
      documentUrl: `${place.base}/file?v=${file.version}`,
      fileName: file.name,
      sizeBytes: file.sizeBytes,
      digestSha256: session.sha256.toString('hex'),
      digestStreebog: session.streebog512.toString('hex'),
      extKeyUsageOids: [signingUsage],
      iin: session.iin,
      bin: null,
      chain: deps.config.demo ? demoChain(deps.config.trustFiles) : null,
      wantsTimestamp: true,
    };
    res.set('Cache-Control', 'no-store').json(answer);
  });

  router.post(
    '/sign/:session',
    express.urlencoded({ extended: false, limit: signatureLimit }),
    csrfGuard(deps.config),
    async (req, res) => {
      const place = await find(req);
      const commandId = commandOf(req);
      const result = (
        verdict: SigningResult['verdict'],
        code: string,
        error: SigningResult['error'],
        certificateName: string | null,
      ): void =>
        respond.fragment(req, res, 'fragments/signing/result', {
          base: place.base,
          verdict,
          code,
          error,
          certificateName,
          documentHref: place.base,
        });
      const session = await sessionFor(deps, place, (req.params as Record<string, string>).session);
      const cms = (req.body as { cms?: unknown }).cms;
      if (typeof cms !== 'string' || cms === '') throw new Refusal('signing.unreadable');
      const receipt = await receiveSignature(deps, {
        session,
        documentId: place.document.id,
        attempt: place.document.attempt,
        by: place.actor,
        commandId,
        signature: Buffer.from(cms, 'latin1'),
      });
      switch (receipt.kind) {
        case 'accepted':
          res.set('HX-Trigger', 'route-changed');
          return result('valid', 'ok', null, receipt.name);
        case 'pending':
          return respond.pending(req, res, commandId, place.base);
        case 'down':
          throw new Refusal('temporal_down');
        case 'refused':
          res.status(statusOf(receipt.code));
          return result(null, receipt.code, { code: receipt.code }, receipt.name);
      }
    },
  );

  return router;
}

/** The dialog for a session just opened. */
async function presentDialog(deps: WebDeps, place: Place): Promise<SignPage> {
  const { document, base } = place;
  const { session, participant, onBehalf } = await openSession(deps, place);
  return {
    base,
    title: document.title,
    file: presentFile(document, base),
    signer: { name: participant.name, iin: session.iin },
    onBehalf,
    requiredKey: 'any',
    command: deps.newId(),
    expiresAt: session.expiresAt.toISOString(),
    sessionUrl: `${base}/sign/${session.id}`,
    postUrl: `${base}/sign/${session.id}`,
    ncalayerUrl: deps.config.ncalayer.url,
    simulatorUrl: deps.config.ncalayer.windowUrl,
    phoneUrl: mayGoToPhone(document.kind) && (await isPhoneOffered(deps, place.actor)) ? `${base}/phone` : null,
  };
}

async function sessionFor(deps: WebDeps, place: Place, id: string | undefined): Promise<SigningSession> {
  const participantId = await participantFor(deps, place);
  const session = isUlid(id) ? await signingSession(deps.db, id, participantId) : null;
  if (!session) throw new Refusal('not_found');
  return session;
}
