import { ApplicationFailure } from '@temporalio/common';
import { zoneOffsetMs } from '../../domain/routes/draft';
import { storePdf } from './store-pdf';
import type { WorkerDeps } from '../deps';
import type { SignerReport } from '../../signature';
import type { Fact, SheetSigner } from '../../signature/sheet';
import { storedCapability } from '../../storage/capabilities';
import { fileById } from '../../storage/queries/documents';
import { type RouteAbout, routeAbout, routeOfDocument, type RoutePage } from '../../storage/queries/routes';
import { type SignatureRecord, signaturesOf } from '../../storage/queries/signatures';
import type { DeriveStart } from '../../workflows/contracts/derive';

type Words = (key: string, params?: Record<string, string | number>) => string;

/** Makes the PDF with its sheet of signatures unless it is stored already. */
export async function makeSignedPdfFile(deps: WorkerDeps, input: DeriveStart): Promise<void> {
  if ((await deps.objects.size(input.key)) !== null) return;
  const document = await routeAbout(deps.db, input.routeId);
  const page = document && (await routeOfDocument(deps.db, input.documentId, document.attempt));
  const file = page && (await fileById(deps.db, input.documentId, page.fileId));
  if (!document || !page || !file) throw ApplicationFailure.nonRetryable('the document is gone', 'CannotDerive');
  const t: Words = (key, params) => deps.texts(input.language).t(key, params);
  const signatures = await signaturesOf(deps.db, input.routeId);
  const content = {
    mediaType: file.mediaType,
    fileName: file.name,
    attachmentText: t('sheet.attachment'),
    letterhead: { left: document.organisation, right: `${t('sheet.bin')} ${document.bin}` },
    heading: t('sheet.heading'),
    title: document.title,
    facts: documentFacts(document, file.name, file.sha256, t),
    signaturesHeading: t('sheet.signatures', { count: signatures.length }),
    signers: signatures.map((s) => presentSigner(s, page, t)),
    notice: t('sheet.notice'),
    checkUrl: `${deps.config.publicUrl}/check/${storedCapability(deps.config.secrets, 'check', input.documentId, 1, document.checkHash)}`,
    checkPrompt: t('sheet.check'),
    foot: document.title,
    footPages: t('sheet.page', { page: '{page}', pages: '{pages}' }),
  };
  await storePdf(deps, input, file.objectKey, { kind: 'sheet', content });
}

function documentFacts(document: RouteAbout, fileName: string, sha256: Buffer, t: Words): Fact[] {
  const facts: Fact[] = [];
  if (document.number) facts.push({ label: t('sheet.number'), value: document.number });
  if (document.documentDate) facts.push({ label: t('sheet.date'), value: document.documentDate });
  facts.push(
    { label: t('sheet.file'), value: fileName },
    { label: 'SHA-256', value: sha256.toString('hex').replace(/(.{8})(?=.)/g, '$1 ') },
  );
  return facts;
}

/** An instant as a person of Kazakhstan reads it, with the zone named. */
const withZone = (at: Date): string => {
  const local = new Date(at.getTime() + zoneOffsetMs).toISOString();
  return `${local.slice(8, 10)}.${local.slice(5, 7)}.${local.slice(0, 4)} ${local.slice(11, 19)} UTC+5`;
};

function presentSigner(signature: SignatureRecord, page: RoutePage, t: Words): SheetSigner {
  const report = JSON.parse(signature.report) as SignerReport;
  const kind = page.route.stages.find((s) => s.participants.some((p) => p.id === signature.participantId))?.kind ?? 'sign';
  const fact = (label: string, value: string | null | undefined): Fact[] => (value ? [{ label: t(`sheet.${label}`), value }] : []);
  const { certificate } = report;
  return {
    name: signature.signerName || t('sheet.unnamed'),
    verdict: signature.verdict,
    verdictText: t(`sheet.verdict.${signature.verdict}`),
    person: [
      ...fact('iin', signature.iin),
      ...fact('organisation', signature.organisationName),
      ...fact('bin', signature.bin),
      ...fact('role', signature.roles.map((role) => t(`certificateRole.${role}`)).join(', ')),
      ...fact('purpose', t(`sheet.kind.${kind}`)),
    ],
    evidence: [
      ...fact(report.bestTimeSource === 'time-stamp' ? 'timeStamped' : 'timeReceived', withZone(signature.bestAt)),
      ...fact('serial', signature.serial),
      ...fact('issuer', certificate?.issuer),
      ...fact(
        'validity',
        certificate ? `${withZone(new Date(certificate.notBefore))} – ${withZone(new Date(certificate.notAfter))}` : null,
      ),
    ],
  };
}
