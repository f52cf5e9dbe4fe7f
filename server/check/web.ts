import { createHash } from 'node:crypto';
import { type Request, type Response, Router } from 'express';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { cleanFileName } from '../../domain/documents/file-type';
import { Refusal } from '../../domain/refusals';
import { openSpool, type Spool } from '../../services/check/spool';
import type { CheckAnswer, KeptFile } from '../../services/check/tasks';
import { allowanceOf, type Ticket } from '../../services/check/visitors';
import { isZip } from '../../services/check/zip-source';
import type { CheckResult } from '../../services/signing/check-signature';
import { type ListAtHand, listsAtHand } from '../../services/signing/lists';
import type { SignerReport } from '../../signature';
import { capabilityHash } from '../../storage/capabilities';
import { type Document, documentByCheckHash, fileById } from '../../storage/queries/documents';
import { evidenceOf } from '../../storage/queries/evidence';
import { routeOfDocument } from '../../storage/queries/routes';
import { signaturesOf } from '../../storage/queries/signatures';
import type { WebDeps } from '../kit/context';
import { readForm } from '../kit/multipart';
import { presentSignature, presentSigner, type VerdictName } from '../kit/parts/signer';
import type { Responder } from '../kit/respond';
import { tokenMatches } from '../kit/security';
import type { CheckResultPage } from './pages';

/** A signature file above this is no CMS of people; an attached one holds its document. A card is held in memory whole. Bytes. */
const maxSignatureBytes = 120 * 1024 * 1024;
const maxCardBytes = 256 * 1024 * 1024;
/** How often the page of a visitor who waits looks again. Seconds. */
const lookAgainSeconds = 3;

type Asked = Ticket<CheckResultPage>;

/** The public check page: a file with its CMS, or the code of a QR. No sign-in, nothing is kept. */
export function checkRoutes(deps: WebDeps, respond: Responder): Router {
  const router = Router();
  const limits = new RateLimiterMemory({ points: 60, duration: 60 });
  const admitted = async (req: Request): Promise<void> => {
    await limits.consume(req.ip ?? '').catch(() => Promise.reject(new Refusal('limited')));
    await deps.visitors.admit(req.ip ?? '');
  };
  const lists = (): Promise<readonly ListAtHand[]> => listsAtHand(deps.db);

  router.get('/check', async (req, res) => {
    await respond.page(req, res, 'pages/check/form', { errors: {} });
  });

  router.post('/check', async (req, res) => {
    await admitted(req);
    const spool = openSpool();
    const ticket = await receive(deps, req, spool).then(
      (received) => order(req, spool, received),
      async (error: unknown) => {
        await spool.remove();
        throw error;
      },
    );
    if (ticket) return answer(req, res, ticket);
    res.status(422);
    await respond.page(req, res, 'pages/check/form', { errors: { signature: { code: 'check.signature_wanted' } } });
  });

  /** Puts what was sent in the line; null when there is nothing to check. */
  const order = async (req: Request, spool: Spool, { file, signature }: Received): Promise<Asked | null> => {
    const work = { lists, cleanUp: () => spool.remove() };
    const at = deps.now().getTime();
    try {
      if (signature) {
        const task = { kind: 'signature', signature: signature.path, file: file?.path ?? null, at } as const;
        const allowance = allowanceOf({ kind: 'signature', size: signature.size, fileSize: file?.size ?? 0 });
        const present = (found: CheckAnswer): CheckResultPage => presentWithFile(found, file, deps.now());
        return deps.visitors.order(req.ip ?? '', task, allowance, { ...work, present });
      }
      if (file?.bundle) {
        if (file.bundle === 'card' && file.size > maxCardBytes)
          throw new Refusal('check.card_too_large', { max: maxCardBytes / 1024 / 1024 });
        const task = { kind: file.bundle, file: file.path, maxTotalBytes: deps.config.uploadMaxBytes * 2, at } as const;
        const present = (found: CheckAnswer): CheckResultPage => presentBundle(found, deps.now());
        return deps.visitors.order(req.ip ?? '', task, allowanceOf({ kind: file.bundle, size: file.size }), { ...work, present });
      }
    } catch (error) {
      await spool.remove();
      throw error;
    }
    await spool.remove();
    return null;
  };

  /** The result when it comes soon; else the way to a page that waits, for browsers with and without script alike. */
  const answer = async (req: Request, res: Response, ticket: Asked): Promise<void> => {
    const gone = (): void => {
      if (!res.writableFinished) ticket.leave();
    };
    res.once('close', gone);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<null>((resolve) => (timer = setTimeout(() => resolve(null), deps.visitors.answerMs)));
    const outcome = await Promise.race([ticket.outcome, late]);
    clearTimeout(timer);
    res.off('close', gone);
    if (outcome) return show(req, res, outcome);
    respond.go(req, res, `/check/${ticket.token}/waiting`);
  };

  const show = async (req: Request, res: Response, outcome: Awaited<Asked['outcome']>): Promise<void> => {
    switch (outcome.kind) {
      case 'found':
        return respond.page(req, res, 'pages/check/result', outcome.page);
      case 'refused': {
        res.status(422);
        const field = outcome.code.startsWith('structure.') ? 'signature' : 'file';
        return respond.page(req, res, 'pages/check/form', { errors: { [field]: { code: outcome.code } } });
      }
      case 'failed':
        throw outcome.error;
    }
  };

  router.get('/check/:token/waiting', async (req, res) => {
    res.set('Cache-Control', 'no-store');
    const ticket = deps.visitors.find(String(req.params.token)) as Asked | undefined;
    if (!ticket) {
      res.status(404);
      return respond.page(req, res, 'pages/check/form', { errors: { form: { code: 'check.over' } } });
    }
    const outcome = ticket.settled();
    if (outcome) return show(req, res, outcome);
    res.set('Refresh', String(lookAgainSeconds));
    await respond.page(req, res, 'pages/check/waiting', { token: ticket.token, ahead: ticket.ahead() });
  });

  const known = async (req: Request): Promise<Document | null> => {
    const hash = capabilityHash(String(req.params.code));
    return hash ? documentByCheckHash(deps.db, hash) : null;
  };

  router.get('/check/:code', async (req, res) => {
    await admitted(req);
    const document = await known(req);
    const ticket = document && (await orderKnown(deps, req, document, null, lists));
    if (ticket) return answer(req, res, ticket);
    res.status(404);
    await respond.page(req, res, 'pages/check/unknown', { code: String(req.params.code).slice(0, 40) });
  });

  router.post('/check/:code', async (req, res) => {
    await admitted(req);
    const document = await known(req);
    const sha256 = await receiveDigest(deps, req);
    if (!document) throw new Refusal('not_found');
    const ticket = await orderKnown(deps, req, document, sha256 ?? 'none', lists);
    if (!ticket) throw new Refusal('not_found');
    if (!sha256) res.status(422);
    return answer(req, res, ticket);
  });

  return router;
}

type Received = { file: (KeptFile & { bundle: 'pack' | 'card' | null }) | null; signature: KeptFile | null };

/** Reads the form into files. */
async function receive(deps: WebDeps, req: Request, spool: Spool): Promise<Received> {
  const received: Received = { file: null, signature: null };
  const counted = deps.visitors.receive(req.ip ?? '');
  let bytes = 0;
  try {
    await readForm(req, fieldsOf(req), async (stream, name, field) => {
      if (field !== 'signature' && field !== 'file') return;
      const source = (async function* () {
        for await (const chunk of stream as AsyncIterable<Buffer>) {
          bytes += chunk.length;
          yield chunk;
        }
      })();
      const max = field === 'signature' ? maxSignatureBytes : deps.config.uploadMaxBytes;
      const { head, ...kept } = await spool.keep(source, cleanFileName(name), max);
      if (kept.size === 0) return;
      if (field === 'signature') received.signature = kept;
      else received.file = { ...kept, bundle: isZip(head) ? 'pack' : head.subarray(0, 5).toString('latin1') === '%PDF-' ? 'card' : null };
    });
  } finally {
    await counted(bytes);
  }
  return received;
}

/** Reads the form for what is to be compared: of the file only its digest stays. Null when none came. */
async function receiveDigest(deps: WebDeps, req: Request): Promise<Buffer | null> {
  const hash = createHash('sha256');
  const counted = deps.visitors.receive(req.ip ?? '');
  let bytes = 0;
  try {
    await readForm(req, fieldsOf(req), async (stream, _name, field) => {
      if (field !== 'file') return;
      for await (const chunk of stream as AsyncIterable<Buffer>) {
        bytes += chunk.length;
        if (bytes > deps.config.uploadMaxBytes)
          throw new Refusal('upload.too_large', { max: Math.floor(deps.config.uploadMaxBytes / 1024 / 1024) });
        hash.update(chunk);
      }
    });
  } finally {
    await counted(bytes);
  }
  return bytes === 0 ? null : hash.digest();
}

const fieldsOf =
  (req: Request) =>
  (fields: Map<string, string>): void => {
    if (!tokenMatches(req, req.get('X-CSRF-Token') ?? fields.get('_csrf'))) throw new Refusal('csrf');
  };

/** The result of a signature with its file, whose name is the visitor's own. */
function presentWithFile(answer: CheckAnswer, file: KeptFile | null, now: Date): CheckResultPage {
  if (answer.kind !== 'signature') throw new Error('a check was answered with something else');
  const { report } = answer;
  return {
    code: null,
    verdict: report.verdict,
    reason: report.signers.length === 1 ? null : report.code === 'ok' ? null : report.code,
    document: { title: null, number: null, fileName: file?.name ?? null, sizeBytes: file?.size ?? null, sha256: answer.sha256 },
    isOwnWord: false,
    signers: report.signers.map((s, i) => presentSigner(s, { id: String(i), purpose: 'sign', at: null, cmsUrl: null })),
    checkedAt: now.toISOString(),
    comparison: null,
    errors: {},
  };
}

/** A card or a pack shows the same result as a file with its signature; what it calls the document is its own word. */
function presentBundle(answer: CheckAnswer, now: Date): CheckResultPage {
  if (answer.kind !== 'bundle') throw new Error('a check was answered with something else');
  const { document, signers, changed, isLogBroken } = answer.bundle;
  const verdict = changed > 0 || isLogBroken ? 'invalid' : worst(signers.map((s) => s.verdict));
  const only = signers.length === 1 ? null : signers.find((s) => s.code !== 'ok');
  return {
    code: null,
    verdict,
    reason: only?.code ?? null,
    document: { title: document.title, number: null, fileName: document.name, sizeBytes: document.size, sha256: document.sha256 },
    isOwnWord: true,
    signers: signers.map((s, i) => presentSigner(s, { id: String(i), purpose: 'sign', at: null, cmsUrl: null })),
    checkedAt: now.toISOString(),
    comparison: null,
    bundle: changed > 0 || isLogBroken ? { changed, isLogBroken } : null,
    errors: {},
  };
}

const worst = (verdicts: readonly VerdictName[]): VerdictName =>
  verdicts.includes('invalid') ? 'invalid' : verdicts.includes('indeterminate') ? 'indeterminate' : 'valid';

/** What the QR's page shows of a document that is known here: every signature checked anew from its stored bytes, now. Null when there is none. */
async function orderKnown(
  deps: WebDeps,
  req: Request,
  document: Document,
  compared: Buffer | 'none' | null,
  lists: () => Promise<readonly ListAtHand[]>,
): Promise<Asked | null> {
  const page = document.attempt > 0 ? await routeOfDocument(deps.db, document.id, document.attempt) : null;
  const signatures = page ? await signaturesOf(deps.db, page.route.id) : [];
  const signed = page && (await fileById(deps.db, document.id, page.fileId));
  if (!page || !signed || signatures.length === 0) return null;
  const now = deps.now();
  const evidence = await evidenceOf(
    deps.db,
    signatures.map((s) => s.id),
  );
  const stored = await Promise.all(
    signatures.map(async ({ id, objectKey, sha256, receivedAt }) => {
      const proofKey = evidence.get(id)?.objectKey;
      const [cms, proof] = await Promise.all([deps.objects.getBytes(objectKey), proofKey ? deps.objects.getBytes(proofKey) : null]);
      const digests = { sha256: signed.sha256, streebog512: signed.streebog512 };
      const isIntact = createHash('sha256').update(cms).digest().equals(sha256);
      return { isIntact, request: { signature: proof ?? cms, digests, at: now.getTime(), receivedAt: receivedAt.getTime() } };
    }),
  );
  const signerOf = (result: CheckResult | undefined, i: number): CheckResultPage['signers'][number] => {
    const signature = signatures[i]!;
    const report: SignerReport | undefined = result?.ok ? result.report.signers[0] : undefined;
    return stored[i]?.isIntact && report
      ? presentSigner(report, { id: signature.id, purpose: 'sign', at: signature.bestAt, cmsUrl: null })
      : { ...presentSignature(signature, 'sign', null), verdict: 'invalid' as const, code: 'structure.malformed' };
  };
  const present = (answer: CheckAnswer): CheckResultPage => {
    if (answer.kind !== 'kept') throw new Error('a check was answered with something else');
    const signers = answer.results.map(signerOf);
    const { name: fileName, sizeBytes, sha256 } = signed;
    return {
      code: String(req.params.code),
      verdict: worst(signers.map((s) => s.verdict)),
      reason: null,
      document: { title: document.title, number: document.number || null, fileName, sizeBytes, sha256: sha256.toString('hex') },
      isOwnWord: false,
      signers,
      checkedAt: now.toISOString(),
      comparison: compared instanceof Buffer ? (compared.equals(sha256) ? 'same' : 'different') : null,
      errors: compared === 'none' ? { file: { code: 'upload.none' } } : {},
    };
  };
  const task = { kind: 'kept', requests: stored.map(({ request }) => request), at: now.getTime() } as const;
  return deps.visitors.order(req.ip ?? '', task, allowanceOf({ kind: 'kept', count: signatures.length }), { present, lists });
}
