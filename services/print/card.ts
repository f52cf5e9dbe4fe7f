import { ApplicationFailure } from '@temporalio/activity';
import { zoneOffsetMs } from '../../domain/routes/draft';
import { type Certificate, formatSerial, type RevocationReport, type SignerReport } from '../../signature';
import { type CardSignature, certificatesOf, type FactGroup } from '../../signature/card';
import { MAX_QR_OCTETS, splitIntoQr } from '../../signature/card/reading';
import type { Fact } from '../../signature/sheet';
import { formatName } from '../../signature/x509/name';
import { roleOid, ROLES } from '../../signature/x509/roles';
import { storedCapability } from '../../storage/capabilities';
import { fileById } from '../../storage/queries/documents';
import { routeAbout, routeOfDocument } from '../../storage/queries/routes';
import { type SignatureRecord, signaturesOf } from '../../storage/queries/signatures';
import { signatureFiles, type SignatureFiles } from '../../storage/signature-files';
import type { DeriveStart } from '../../workflows/contracts/derive';
import type { WorkerDeps } from '../deps';
import type { PdfOrder } from './maker';
import { storePdf } from './store-pdf';

type Words = (key: string, params?: Record<string, string | number>) => string;

/** Makes the card of a document unless it is stored already. */
export async function makeCardFile(deps: WorkerDeps, input: DeriveStart): Promise<void> {
  if ((await deps.objects.size(input.key)) !== null) return;
  const document = await routeAbout(deps.db, input.routeId);
  const page = document && (await routeOfDocument(deps.db, input.documentId, document.attempt));
  const file = page && (await fileById(deps.db, input.documentId, page.fileId));
  if (!document || !file) throw ApplicationFailure.nonRetryable('the document is gone', 'CannotDerive');
  const t = wordsOf(deps, input);
  const checkUrl = `${deps.config.publicUrl}/check/${storedCapability(deps.config.secrets, 'check', input.documentId, 1, document.checkHash)}`;
  const kept = await signatureFiles(deps, await signaturesOf(deps.db, input.routeId));
  const content: Extract<PdfOrder, { kind: 'card' }>['content'] = {
    mediaType: file.mediaType,
    fileName: file.name,
    originalText: t('ddc.original'),
    documentId: input.documentId,
    heading: t('ddc.heading'),
    title: document.title,
    facts: [
      { label: t('ddc.description'), value: [document.title, document.number && `№ ${document.number}`].filter(Boolean).join(', ') },
      { label: t('ddc.madeAt'), value: withZone(deps.now().toISOString()) },
      { label: t('ddc.system'), value: `Kense, ${document.organisation}` },
    ],
    contentsHeading: t('ddc.contents'),
    parts: [t('ddc.part.info'), t('ddc.part.visualisation'), t('ddc.part.signatures')],
    attachmentsHeading: t('ddc.attachments'),
    attachmentColumns: [t('ddc.sequence'), t('ddc.fileName'), t('ddc.about')],
    notices: [
      t('ddc.noticeChecked'),
      t('ddc.noticeVisible'),
      t('ddc.noticeVerify', { url: `${deps.config.publicUrl}/check` }),
      t('ddc.noticeFraud'),
    ],
    mark: t('ddc.mark'),
    checkUrl,
    checkPrompt: [deps.texts('ru').t('ddc.side'), deps.texts('kk').t('ddc.side')].join(' / '),
    footPages: t('ddc.page', { page: '{page}', pages: '{pages}' }),
    signatures: kept.map((one, i) => present(one, i + 1, input.card?.printed ?? false, t)),
  };
  await storePdf(deps, input, file.objectKey, { kind: 'card', content });
}

/** The words of the card's language; a card in two has both, Kazakh first. */
function wordsOf(deps: WorkerDeps, { language, card }: DeriveStart): Words {
  if (!card?.bilingual) return (key, params) => deps.texts(language).t(key, params);
  return (key, params) => [...new Set([deps.texts('kk').t(key, params), deps.texts('ru').t(key, params)])].join(' / ');
}

/** An instant as a person of Kazakhstan reads it, with the zone named. */
const withZone = (instant: string): string => {
  const local = new Date(Date.parse(instant) + zoneOffsetMs).toISOString();
  return `${local.slice(8, 10)}.${local.slice(5, 7)}.${local.slice(0, 4)} ${local.slice(11, 19)} UTC+5`;
};

function present(
  { signature, cms, proof, report: json }: SignatureFiles<SignatureRecord>,
  n: number,
  isPrinted: boolean,
  t: Words,
): CardSignature {
  const report = JSON.parse(json) as SignerReport;
  const best = proof ?? cms;
  const name = signature.signerName || signature.iin || t('ddc.noName');
  const printed = isPrinted && cms.length <= MAX_QR_OCTETS ? cms : null;
  return {
    title: t('ddc.signature', { n: String(n) }),
    person: personFacts(signature, report, t),
    evidence: evidenceGroups(report, certificatesOf(best), t),
    cms: best,
    fileName: `${n}. ${name}.cms`,
    description: t('ddc.eds', { name }),
    printed,
    printedCaption: printed ? t('ddc.qr', { count: String(splitIntoQr(printed).length) }) : '',
  };
}

function personFacts(signature: SignatureRecord, report: SignerReport, t: Words): Fact[] {
  const { certificate } = report;
  const numbered = (name: string | null, label: string, number: string | null): string =>
    [name, number && `${t(label)} ${number}`].filter(Boolean).join('\n');
  const reason = report.code === 'ok' ? null : t(`verdict.${report.code}`);
  return [
    fact(t(report.bestTimeSource === 'time-stamp' ? 'ddc.signedAt' : 'ddc.receivedAt'), withZone(report.bestTime)),
    fact(t('ddc.signer'), numbered(signature.signerName || t('ddc.noName'), 'ddc.iin', signature.iin)),
    fact(t('ddc.organisation'), numbered(signature.organisationName || null, 'ddc.bin', signature.bin)),
    fact(t('ddc.verdict'), [`${t(`sheet.verdict.${report.verdict}`)} (${report.level})`, reason].filter(Boolean).join('\n')),
    fact(t('ddc.policies'), certificate?.policies.map((oid) => `${t(`ddc.policy.${POLICIES[oid] ?? 'other'}`)} (${oid})`).join('\n')),
    fact(t('ddc.keyUsage'), certificate?.keyUsage.map((usage) => t(`ddc.usage.${usage}`)).join('\n')),
    fact(t('ddc.extendedKeyUsage'), certificate?.extendedKeyUsage.map((oid) => `${usageName(oid, t)} (${oid})`).join('\n')),
  ].flat();
}

/** Policies of NUC RK and what each stands for. */
const POLICIES: Readonly<Record<string, string>> = {
  '1.2.398.3.3.2': 'nuc',
  '1.2.398.3.3.2.1': 'legal',
  '1.2.398.3.3.2.2': 'legal-auth',
  '1.2.398.3.3.2.3': 'person',
  '1.2.398.3.3.2.4': 'person-auth',
};

const USAGES: Readonly<Record<string, string>> = { '1.3.6.1.5.5.7.3.4': 'emailProtection', '1.3.6.1.5.5.7.3.2': 'clientAuth' };

function usageName(oid: string, t: Words): string {
  const role = ROLES.find((one) => roleOid(one) === oid);
  return role ? t(`certificateRole.${role}`) : t(`ddc.usage.${USAGES[oid] ?? 'other'}`);
}

/** Certificate, time-stamp and answer of the responder; a group without facts is left out. */
function evidenceGroups(report: SignerReport, enclosed: readonly Certificate[], t: Words): FactGroup[] {
  const { certificate, timeStamp } = report;
  const own = enclosed.find((one) => one.fingerprint === certificate?.fingerprint);
  const tsa = enclosed.find((one) => one.fingerprint === timeStamp?.chain?.[0]?.fingerprint);
  const [status] = report.revocation ?? [];
  const groups: FactGroup[] = [
    {
      heading: t('report.certificate'),
      facts: [
        fact(t('ddc.subject'), certificate?.subject),
        fact(t('ddc.altNames'), own?.emails.join('\n')),
        fact(t('ddc.serial'), certificate?.serial),
        fact(t('ddc.validFrom'), certificate && withZone(certificate.notBefore)),
        fact(t('ddc.validTo'), certificate && withZone(certificate.notAfter)),
        fact(t('ddc.issuer'), certificate?.issuer),
      ].flat(),
    },
    {
      heading: t('ddc.stamp'),
      facts: timeStamp
        ? [fact(t('ddc.time'), withZone(timeStamp.time)), serviceFacts(tsa, timeStamp.tsa, null, t)].flat()
        : fact(t('ddc.status'), t('ddc.none')),
    },
    status?.source
      ? { heading: t(status.source === 'crl' ? 'ddc.list' : 'ddc.ocsp'), facts: statusFacts(status, enclosed, t) }
      : { heading: t('ddc.ocsp'), facts: fact(t('ddc.status'), t(`revocationStatus.${status?.status ?? 'missing'}`)) },
  ];
  return groups.filter(({ facts }) => facts.length > 0);
}

function statusFacts(status: RevocationReport, enclosed: readonly Certificate[], t: Words): Fact[] {
  const { responder } = status;
  const certificate = enclosed.find(
    (one) => responder && formatSerial(one.serial) === responder.serial && formatName(one.subject) === responder.subject,
  );
  const at = status.producedAt ?? status.thisUpdate;
  return [
    fact(t('ddc.status'), t(`revocationStatus.${status.status}`)),
    fact(t('ddc.time'), at && withZone(at)),
    serviceFacts(certificate, responder?.subject, responder?.serial, t),
  ].flat();
}

/** Who answered: from the certificate itself, else what the report kept of it. */
function serviceFacts(
  certificate: Certificate | undefined,
  subject: string | null | undefined,
  serial: string | null | undefined,
  t: Words,
): Fact[] {
  return [
    fact(t('ddc.responder'), certificate ? formatName(certificate.subject) : subject),
    fact(t('ddc.serial'), certificate ? formatSerial(certificate.serial) : serial),
    fact(t('ddc.issuer'), certificate && formatName(certificate.issuer)),
  ].flat();
}

const fact = (label: string, value: string | null | undefined): Fact[] => (value ? [{ label, value }] : []);
