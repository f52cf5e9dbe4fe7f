import { ZipArchive } from 'archiver';
import type { Lang } from '../../domain/languages';
import type { SignerReport } from '../../signature';
import { makePack, type PackEntry, type PackSignatureOrder } from '../../signature/pack';
import { auditExcerpt } from '../../storage/audit-excerpt';
import type { Document } from '../../storage/queries/documents';
import { auditStamps } from '../../storage/queries/evidence';
import type { SignatureRecord } from '../../storage/queries/signatures';
import { signatureFiles } from '../../storage/signature-files';
import type { Deps } from '../deps';
import { loadTrust } from '../signing/check-signature';
import { formatDateTime, groupHash, zoneName } from '../texts/format';
import type { Translator } from '../texts/i18n';

export type Packed = { document: Document; signatures: readonly (SignatureRecord & { purpose: string })[] };

/** The evidence pack of a signed document as a zip that is made while it is sent; the document is streamed from the store. */
export async function evidencePack(deps: Deps, { document, signatures }: Packed, lang: Lang): Promise<ZipArchive> {
  const now = deps.now();
  const translator = deps.texts(lang);
  const signed = await signatureOrders(deps, signatures);
  const trust = loadTrust(deps.config.trustFiles);
  const entries = makePack({
    madeAt: now,
    document: { ...document.file, title: document.title, size: document.file.sizeBytes },
    signatures: signed,
    anchors: [...trust.anchors, ...trust.intermediates],
    audit: await auditOrder(deps, document),
    readme: (paths) =>
      [lang, ...(['ru', 'kk', 'en'] as const).filter((other) => other !== lang)]
        .map((one) => deps.texts(one).t('pack.readme', { ...paths, title: document.title, madeAt: withZone(now.toISOString()) }))
        .join('\n\n'),
    readableReport: readableReport(document, signed, now, translator),
  });
  return zipOf(deps, document, entries, now);
}

async function signatureOrders(deps: Deps, signatures: Packed['signatures']): Promise<PackSignatureOrder[]> {
  return (await signatureFiles(deps, signatures)).map(({ signature: { signerName, receivedAt, purpose }, ...files }) => ({
    signerName,
    receivedAt,
    purpose,
    ...files,
  }));
}

/** The rows of the document and the stamps their chain leads to. */
async function auditOrder(deps: Deps, { id, organisationId }: Document): Promise<Parameters<typeof makePack>[0]['audit']> {
  const stamps = await auditStamps(deps.db, organisationId);
  const { lines, stamped } = await auditExcerpt(
    deps.db,
    organisationId,
    id,
    stamps.map((stamp) => stamp.seq),
  );
  return { excerpt: Buffer.from(`${lines.join('\n')}\n`), stamps: stamps.filter((stamp) => stamped.includes(stamp.seq)) };
}

function zipOf(deps: Deps, document: Document, entries: readonly PackEntry[], date: Date): ZipArchive {
  // nothing is compressed: documents mostly are already, and a reader need not fear what the zip unpacks to
  const zip = new ZipArchive({ store: true });
  const append = async (): Promise<void> => {
    for (const { path, bytes } of entries) {
      zip.append(bytes ? Buffer.from(bytes) : await deps.objects.getStream(document.file.objectKey), { name: path, date });
    }
    await zip.finalize();
  };
  append().catch((error: Error) => zip.destroy(error));
  return zip;
}

const withZone = (instant: string): string => `${formatDateTime(instant, true)} ${zoneName}`;

/** The reports in words: for a person who has nothing but a text editor. */
function readableReport(document: Document, signatures: readonly PackSignatureOrder[], now: Date, { t, has }: Translator): string {
  const lines: (readonly [string, string] | string)[] = [
    t('pack.reportHeading'),
    '',
    [t('pack.document'), document.title],
    [t('pack.file'), document.file.name],
    ['SHA-256', groupHash(document.file.sha256.toString('hex'))],
    [t('pack.madeAt'), withZone(now.toISOString())],
  ];
  for (const [index, { report: json, proof }] of signatures.entries()) {
    const report = JSON.parse(json) as SignerReport;
    const { certificate } = report;
    const field = (label: string, value: string | null | undefined): (readonly [string, string])[] => (value ? [[label, value]] : []);
    lines.push(
      '',
      t('pack.number', { n: String(index + 1) }),
      ...field(t('ddc.signer'), report.name ?? t('ddc.noName')),
      ...field(t('ddc.iin'), report.iin),
      ...field(t('ddc.organisation'), report.organisation),
      ...field(t('ddc.bin'), report.bin),
      ...field(t('sheet.role'), report.roles.map((role) => t(`certificateRole.${role}`)).join(', ')),
      ...field(t('pack.verdict'), t(`sheet.verdict.${report.verdict}`)),
      ...field(t('pack.reason'), report.code === 'ok' ? null : t(`verdict.${report.code}`)),
      ...field(t('pack.time'), withZone(report.bestTime)),
      ...field(t('pack.level'), report.level),
      ...field(t('ddc.serial'), certificate?.serial),
      ...field(t('ddc.issuer'), certificate?.issuer),
      ...report.checks.map(
        (check) =>
          [t(`checkName.${check.name}`), `${t(`checkResult.${check.result}`)}${check.detail ? ` (${check.detail})` : ''}`] as const,
      ),
      ...(report.revocation ?? []).map(
        (fact) =>
          [
            t('pack.revocation'),
            `${fact.subject}: ${has(`revocationStatus.${fact.status}`) ? t(`revocationStatus.${fact.status}`) : fact.status}`,
          ] as const,
      ),
      ...(proof ? [] : [t('pack.gathering')]),
    );
  }
  return `${lines.map((line) => (typeof line === 'string' ? line : `  ${line[0]}: ${line[1]}`)).join('\n')}\n`;
}
