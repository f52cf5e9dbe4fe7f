import { createHash } from 'node:crypto';
import { Router, type Request } from 'express';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { cleanFileName } from '../../domain/documents/file-type';
import { DIGEST_NAMES, DigestSet, type Digests, type SignerReport } from '../../signature';
import { capabilityHash } from '../../storage/capabilities';
import { documentByCheckHash, fileById, type Document } from '../../storage/queries/documents';
import { evidenceOf } from '../../storage/queries/evidence';
import { routeOfDocument } from '../../storage/queries/routes';
import { signaturesOf } from '../../storage/queries/signatures';
import { Refusal, type WebDeps } from '../context';
import { readForm } from '../documents/multipart';
import { presentSignature, presentSigner } from '../documents/presenters';
import { tokenMatches } from '../middleware/security';
import type { Responder } from '../respond';
import { loadTrust } from '../signing/check-signature';
import { bundleKind, checkBundle, openSpool, type BundleResult, type Spooled } from './bundle';
import { checkReceived } from '../signing/check-received';
import type { CheckResultPage, VerdictName } from '../views';

/** A signature file above this is no CMS of people; an attached one holds its document. Bytes. */
const maxSignatureBytes = 120 * 1024 * 1024;

type Uploaded = { name: string; size: number; digests: Digests };

/** The public check page: a file with its CMS, or the code of a QR. No sign-in, nothing is kept. */
export function checkRoutes(deps: WebDeps, respond: Responder): Router {
  const router = Router();
  const trust = loadTrust(deps.config.trustFiles);
  const limits = new RateLimiterMemory({ points: 60, duration: 60 });
  const limited = async (req: Request): Promise<void> => {
    await limits.consume(req.ip ?? '').catch(() => Promise.reject(new Refusal('limited')));
  };

  router.get('/check', async (req, res) => {
    await respond.page(req, res, 'pages/check/form', { errors: {} });
  });

  router.post('/check', async (req, res) => {
    await limited(req);
    const received = await receive(deps, req);
    const { file, signature } = received;
    if (!signature && file && received.spooled) {
      try {
        const found = await checkBundle(deps, received.spooled, trust);
        return await respond.page(req, res, 'pages/check/result', presentBundle(found, deps.now()));
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        res.status(422);
        return await respond.page(req, res, 'pages/check/form', { errors: { file: { code: error.code } } });
      } finally {
        await received.spooled.remove();
      }
    }
    await received.spooled?.remove();
    if (!signature) {
      res.status(422);
      return respond.page(req, res, 'pages/check/form', { errors: { signature: { code: 'check.signature_wanted' } } });
    }
    const now = deps.now();
    const checked = await checkReceived(deps, { signature, digests: file?.digests ?? {}, at: now.getTime() });
    if (!checked.ok) {
      res.status(422);
      return respond.page(req, res, 'pages/check/form', { errors: { signature: { code: 'structure.not_cms' } } });
    }
    const { report } = checked;
    const data: CheckResultPage = {
      code: null,
      verdict: report.verdict,
      reason: report.signers.length === 1 ? null : report.code === 'ok' ? null : report.code,
      document: {
        title: null,
        number: null,
        fileName: file?.name ?? null,
        sizeBytes: file?.size ?? null,
        sha256: file?.digests.sha256 ? Buffer.from(file.digests.sha256).toString('hex') : null,
      },
      signers: report.signers.map((s, i) => presentSigner(s, { id: String(i), purpose: 'sign', at: null, cmsUrl: null })),
      checkedAt: now.toISOString(),
      comparison: null,
      errors: {},
    };
    await respond.page(req, res, 'pages/check/result', data);
  });

  const known = async (req: Request): Promise<Document | null> => {
    const hash = capabilityHash(String(req.params.code));
    return hash ? documentByCheckHash(deps.db, hash) : null;
  };

  router.get('/check/:code', async (req, res) => {
    await limited(req);
    const document = await known(req);
    const data = document && (await presentKnown(deps, document, String(req.params.code), null));
    if (data) return respond.page(req, res, 'pages/check/result', data);
    res.status(404);
    await respond.page(req, res, 'pages/check/unknown', { code: String(req.params.code).slice(0, 40) });
  });

  router.post('/check/:code', async (req, res) => {
    await limited(req);
    const document = await known(req);
    const { file, spooled } = await receive(deps, req);
    await spooled?.remove();
    if (!document) throw new Refusal('not_found');
    const data = await presentKnown(deps, document, String(req.params.code), file);
    if (!data) throw new Refusal('not_found');
    if (!file) {
      res.status(422);
      data.errors = { file: { code: 'upload.none' } };
    }
    await respond.page(req, res, 'pages/check/result', data);
  });

  return router;
}

/** Reads the form; the file only passes through its digests, the signature is held. */
async function receive(deps: WebDeps, req: Request): Promise<{ file: Uploaded | null; signature: Buffer | null; spooled: Spooled | null }> {
  let spooled: Spooled | null = null;
  let file: Uploaded | null = null;
  let signature: Buffer | null = null;
  const checkFields = (fields: Map<string, string>): void => {
    if (!tokenMatches(req, req.get('X-CSRF-Token') ?? fields.get('_csrf'))) throw new Refusal('csrf');
  };
  const read = readForm(req, checkFields, async (stream, name, field) => {
    const digests = new DigestSet(DIGEST_NAMES);
    const held: Buffer[] = [];
    let spool: Awaited<ReturnType<typeof openSpool>> | null = null;
    let size = 0;
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      const kind = size === 0 && field === 'file' && !spooled ? bundleKind(chunk) : null;
      if (kind) spooled = spool = await openSpool(kind);
      size += chunk.length;
      if (size > (field === 'signature' ? maxSignatureBytes : deps.config.uploadMaxBytes)) continue;
      if (field === 'signature') held.push(chunk);
      else {
        digests.update(chunk);
        await spool?.write(chunk);
      }
    }
    await spool?.end();
    if (size > (field === 'signature' ? maxSignatureBytes : deps.config.uploadMaxBytes))
      throw new Refusal('upload.too_large', { max: deps.config.uploadMaxBytes / 1024 / 1024 });
    if (size === 0) return;
    if (field === 'signature') signature = Buffer.concat(held);
    else if (field === 'file') file = { name: cleanFileName(name), size, digests: digests.digests() };
  });
  await read.catch(async (error: unknown) => {
    await spooled?.remove();
    throw error;
  });
  return { file, signature, spooled };
}

/** A card or a pack shows the same result as a file with its signature. */
function presentBundle({ document, signers, changed, isLogBroken }: BundleResult, now: Date): CheckResultPage {
  const verdict = changed > 0 || isLogBroken ? 'invalid' : worst(signers.map((s) => s.verdict));
  const only = signers.length === 1 ? null : signers.find((s) => s.code !== 'ok');
  return {
    code: null,
    verdict,
    reason: only?.code ?? null,
    document: { title: document.title, number: null, fileName: document.name, sizeBytes: document.size, sha256: document.sha256 },
    signers: signers.map((s, i) => presentSigner(s, { id: String(i), purpose: 'sign', at: null, cmsUrl: null })),
    checkedAt: now.toISOString(),
    comparison: null,
    bundle: changed > 0 || isLogBroken ? { changed, isLogBroken } : null,
    errors: {},
  };
}

const worst = (verdicts: readonly VerdictName[]): VerdictName =>
  verdicts.includes('invalid') ? 'invalid' : verdicts.includes('indeterminate') ? 'indeterminate' : 'valid';

/** What the QR's page shows of a document that is known here: every signature checked anew from its stored bytes, now. */
async function presentKnown(deps: WebDeps, document: Document, code: string, file: Uploaded | null): Promise<CheckResultPage | null> {
  const page = document.attempt > 0 ? await routeOfDocument(deps.db, document.id, document.attempt) : null;
  const signatures = page ? await signaturesOf(deps.db, page.route.id) : [];
  const signed = page && (await fileById(deps.db, document.id, page.fileId));
  if (!page || !signed || signatures.length === 0) return null;
  const now = deps.now();
  const evidence = await evidenceOf(
    deps.db,
    signatures.map((s) => s.id),
  );
  const signers = [];
  for (const signature of signatures) {
    const proofKey = evidence.get(signature.id)?.objectKey;
    const [cms, proof] = await Promise.all([deps.objects.getBytes(signature.objectKey), proofKey ? deps.objects.getBytes(proofKey) : null]);
    const intact = createHash('sha256').update(cms).digest().equals(signature.sha256);
    const checked = await checkReceived(deps, {
      signature: proof ?? cms,
      digests: { sha256: signed.sha256, streebog512: signed.streebog512 },
      at: now.getTime(),
      receivedAt: signature.receivedAt.getTime(),
    });
    const report: SignerReport | undefined = checked.ok ? checked.report.signers[0] : undefined;
    signers.push(
      intact && report
        ? presentSigner(report, { id: signature.id, purpose: 'sign', at: signature.bestAt, cmsUrl: null })
        : { ...presentSignature(signature, 'sign', null), verdict: 'invalid' as const, code: 'structure.malformed' },
    );
  }
  return {
    code,
    verdict: worst(signers.map((s) => s.verdict)),
    reason: null,
    document: {
      title: document.title,
      number: document.number || null,
      fileName: signed.name,
      sizeBytes: signed.sizeBytes,
      sha256: signed.sha256.toString('hex'),
    },
    signers,
    checkedAt: now.toISOString(),
    comparison: file?.digests.sha256 ? (Buffer.from(file.digests.sha256).equals(signed.sha256) ? 'same' : 'different') : null,
    errors: {},
  };
}
