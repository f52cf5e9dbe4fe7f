import { createHash } from 'node:crypto';
import express, { Router, type Request } from 'express';
import { isUlid } from '../../domain/ids';
import { sessionLifeMs, signatureProblem } from '../../domain/signing/session';
import { findCommand } from '../../storage/commands';
import { participantById } from '../../storage/queries/routes';
import { insertReceived, insertSigningSession, signingSession, type SigningSession } from '../../storage/queries/signatures';
import { Refusal, type WebDeps } from '../context';
import { commandOf, sendToRoute } from '../documents/commands';
import { attemptPage, type Place } from '../documents/load';
import { participantFor } from '../documents/participant-routes';
import { askedParticipant, presentFile } from '../documents/presenters';
import { csrfGuard } from '../middleware/security';
import { statusOf } from '../refusals';
import type { Responder } from '../respond';
import type { SignPage, SigningResult, SigningSessionJson } from '../views';
import type { CheckResult } from './check-signature';
import { demoChain } from './demo-chain';

/** EKU of a signing certificate of the national authority: emailProtection; which keys NCALayer offers is narrowed by IIN. */
const signingUsage = '1.3.6.1.5.5.7.3.4';
/** A CMS of one signer with certificates and a time-stamp is some kilobytes; an attached document may make it larger. */
const signatureLimit = '12mb';

/** Signing on a PC: the dialog, the data it signs, and the receipt of the signature. */
export function signingRoutes(deps: WebDeps, respond: Responder, find: (req: Request) => Promise<Place>): Router {
  const router = Router({ mergeParams: true });

  router.get('/sign', async (req, res) => {
    const place = await find(req);
    const data = await openSigning(deps, place);
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
      if (await findCommand(deps.db, commandId)) return result('valid', 'ok', null, null); // the same click again: done already

      const session = await sessionFor(deps, place, (req.params as Record<string, string>).session);
      const cms = (req.body as { cms?: unknown }).cms;
      if (typeof cms !== 'string' || cms === '') throw new Refusal('signing.unreadable');
      const now = deps.now();
      const checked = await deps.checker.check({
        signature: Buffer.from(cms, 'latin1'),
        digests: { sha256: session.sha256, streebog512: session.streebog512 },
        at: now.getTime(),
        receivedAt: now.getTime(),
      });
      const problem = problemOf(session, checked, now);
      if (problem === 'signing.session_used' && (await findCommand(deps.db, commandId))) return result('valid', 'ok', null, null);
      if (problem || !checked.ok) {
        const code = problem ?? 'signing.unreadable';
        req.kense.log.info({ code, participantId: session.participantId }, 'signature refused');
        res.status(statusOf(code));
        return result(null, code, { code }, checked.ok ? (checked.report.signers[0]?.name ?? null) : null);
      }
      const signatureId = await keepSignature(deps, place, session, checked, commandId, now);
      const outcome = await sendToRoute(deps, { documentId: place.document.id, attempt: place.document.attempt }, commandId, {
        kind: 'sign',
        by: place.actor,
        participantId: session.participantId,
        signatureId,
        at: now.getTime(),
      });
      const name = checked.report.signers[0]?.name ?? null;
      switch (outcome.kind) {
        case 'done':
          res.set('HX-Trigger', 'route-changed');
          return result('valid', 'ok', null, name);
        case 'unknown':
          return respond.pending(req, res, commandId, place.base);
        case 'down':
          throw new Refusal('temporal_down');
        case 'closed':
        case 'refused': {
          const code = outcome.kind === 'closed' ? 'route.ended' : outcome.code;
          res.status(statusOf(code));
          return result(null, code, { code }, name);
        }
      }
    },
  );

  return router;
}

/** Freezes what is about to be signed and by whom; refuses people who are not asked for a signature now. */
async function openSigning(deps: WebDeps, place: Place): Promise<SignPage> {
  const { document, actor, base } = place;
  const { page } = await attemptPage(deps, document, document.attempt);
  const asked = askedParticipant(page?.route ?? null, actor);
  if (!page || !asked) throw new Refusal(page && page.route.state !== 'active' ? 'route.ended' : 'route.not_asked');
  if (asked.stage.kind !== 'sign') throw new Refusal('route.wrong_kind');
  const participant = await participantById(deps.db, asked.participantId);
  const iin = participant?.iin;
  if (!participant || !iin) throw new Refusal('signing.person_without_iin');
  const now = deps.now();
  const onBehalf = actor.kind === 'member' ? { name: document.organisationName, bin: document.organisationBin } : null;
  const session = {
    id: deps.newId(),
    organisationId: document.organisationId,
    routeId: page.route.id,
    participantId: participant.id,
    fileId: document.file.id,
    sha256: document.file.sha256,
    streebog512: document.file.streebog512,
    iin,
    bin: onBehalf?.bin ?? null,
    purpose: 'sign',
    expiresAt: new Date(now.getTime() + sessionLifeMs),
  };
  await insertSigningSession(deps.db, session, now);
  return {
    base,
    title: document.title,
    file: presentFile(document, base),
    signer: { name: participant.name, iin },
    onBehalf,
    requiredKey: 'any',
    command: deps.newId(),
    expiresAt: session.expiresAt.toISOString(),
    sessionUrl: `${base}/sign/${session.id}`,
    postUrl: `${base}/sign/${session.id}`,
    ncalayerUrl: deps.config.ncalayer.url,
    simulatorUrl: deps.config.ncalayer.windowUrl,
  };
}

async function sessionFor(deps: WebDeps, place: Place, id: string | undefined): Promise<SigningSession> {
  const participantId = await participantFor(deps, place);
  const session = isUlid(id) ? await signingSession(deps.db, id, participantId) : null;
  if (!session) throw new Refusal('not_found');
  return session;
}

function problemOf(session: SigningSession, checked: CheckResult, now: Date): string | null {
  if (!checked.ok) return checked.code;
  const { signers, verdict, code } = checked.report;
  const facts = { signers: signers.length, verdict, code, iin: signers[0]?.iin ?? null, bin: signers[0]?.bin ?? null };
  return signatureProblem(
    { iin: session.iin, bin: session.bin, expiresAt: session.expiresAt.getTime(), used: session.usedAt !== null },
    facts,
    now.getTime(),
  );
}

/** Stores the CMS as it came and its report, before any command speaks of it. The key is the digest: the same bytes twice are one object. */
async function keepSignature(
  deps: WebDeps,
  place: Place,
  session: SigningSession,
  checked: Extract<CheckResult, { ok: true }>,
  commandId: string,
  now: Date,
): Promise<string> {
  const signer = checked.report.signers[0];
  if (!signer) throw new Error('a valid report has no signer');
  const sha256 = createHash('sha256').update(checked.der).digest();
  const objectKey = `signatures/${place.document.id}/${sha256.toString('hex')}.cms`;
  await deps.objects.putBytes(objectKey, checked.der, 'application/pkcs7-signature');
  await insertReceived(deps.db, {
    id: commandId,
    organisationId: session.organisationId,
    documentId: place.document.id,
    routeId: session.routeId,
    participantId: session.participantId,
    fileId: session.fileId,
    sessionId: session.id,
    objectKey,
    sha256,
    verdict: signer.verdict,
    code: signer.code,
    iin: signer.iin,
    bin: signer.bin,
    signerName: (signer.name ?? '').slice(0, 300),
    organisationName: (signer.organisation ?? '').slice(0, 300),
    roles: signer.roles.map(String),
    serial: (signer.serial ?? '').slice(0, 80),
    claimedAt: signer.claimedTime ? new Date(signer.claimedTime) : null,
    bestAt: new Date(signer.bestTime),
    receivedAt: now,
    report: JSON.stringify(signer),
  });
  return commandId;
}
