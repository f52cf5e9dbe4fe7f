import type { Stage, StageKind } from '../../../domain/routes/route';
import type { Instant } from '../../../services/texts/types';
import type { SignerReport } from '../../../signature';
import type { SignatureRecord } from '../../../storage/queries/signatures';
import type { ProofView } from './proof';

/** One signer of a report in the words' ids of the pages. */
export function presentSigner(
  report: SignerReport,
  extra: { id: string; purpose: Stage['kind']; at: Date | null; cmsUrl: string | null },
): SignatureView {
  const algorithm = report.checks.find((c) => c.name === 'algorithm')?.detail ?? '';
  return {
    id: extra.id,
    verdict: report.verdict,
    code: report.code,
    name: report.name ?? '—',
    iin: report.iin ?? '',
    organisation: report.organisation,
    bin: report.bin,
    roles: [...report.roles],
    purpose: extra.purpose,
    at: new Date(report.timeStamp?.time ?? extra.at ?? report.claimedTime ?? report.bestTime).toISOString(),
    timeSource: report.bestTimeSource === 'time-stamp' ? 'timestamp' : report.bestTimeSource === 'received' ? 'received' : 'claimed',
    level: report.level,
    checks: report.checks.map((c) => ({ name: c.name, result: c.result, detail: c.detail || null })),
    certificate: report.certificate && {
      serial: report.certificate.serial,
      issuer: report.certificate.issuer,
      algorithm,
      notBefore: new Date(report.certificate.notBefore).toISOString(),
      notAfter: new Date(report.certificate.notAfter).toISOString(),
    },
    cmsUrl: extra.cmsUrl,
    proof: null,
    reportUrl: null,
  };
}

/** A kept signature with the report it was accepted by. */
export const presentSignature = (signature: SignatureRecord, purpose: Stage['kind'], cmsUrl: string | null): SignatureView =>
  presentSigner(JSON.parse(signature.report) as SignerReport, { id: signature.id, purpose, at: signature.bestAt, cmsUrl });

export interface SignatureView {
  id: string;
  verdict: VerdictName;
  /** Dotted reason of the report, worded by `verdict.<code>`. */
  code: string;
  name: string;
  iin: string;
  organisation: string | null;
  bin: string | null;
  /** Roles of the certificate, worded by `certificateRole.<id>`; an unknown one is shown as it is. */
  roles: string[];
  purpose: StageKind;
  at: Instant;
  /** What vouches for the time: a time-stamp, the receipt by this server, or only the signer's clock. */
  timeSource: 'timestamp' | 'received' | 'claimed';
  level: string;
  checks: { name: string; result: 'pass' | 'fail' | 'not checked'; detail: string | null }[];
  certificate: { serial: string; issuer: string; algorithm: string; notBefore: Instant; notAfter: Instant } | null;
  /** Download of the CMS; null on pages that do not offer it. */
  cmsUrl: string | null;
  /** How far its proof has come; null where that is not known or not shown. */
  proof: ProofView | null;
  /** The whole report; null on pages that do not offer it. */
  reportUrl: string | null;
}

export type VerdictName = 'valid' | 'indeterminate' | 'invalid';
