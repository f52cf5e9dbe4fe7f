import type { SignerReport } from '../../signature';
import type { Document } from '../../storage/queries/documents';
import type { Evidence } from '../../storage/queries/evidence';
import type { SignatureRecord } from '../../storage/queries/signatures';
import { presentProof } from '../kit/parts/proof';
import { presentSigner, type SignatureView } from '../kit/parts/signer';
import type { SignatureReportPage } from './pages';

/** The page of one signature: the newest report there is, the one of its receipt before the first look. */
export function presentReport(
  document: Document,
  base: string,
  signature: SignatureRecord,
  purpose: SignatureView['purpose'],
  proof: { evidence: Evidence; report: string | null } | null,
  mayRetry: boolean,
): SignatureReportPage {
  const report = JSON.parse(proof?.report ?? signature.report) as SignerReport;
  const url = `${base}/signatures/${signature.id}`;
  return {
    base,
    title: document.title,
    fileName: document.file.name,
    sha256: document.file.sha256.toString('hex'),
    signature: presentSigner(report, { id: signature.id, purpose, at: signature.bestAt, cmsUrl: `${url}.cms` }),
    proof: proof && presentProof(proof.evidence),
    checks: report.checks,
    timeStamps: report.timeStamps ?? [], // reports of the first release have none
    revocation: report.revocation ?? [],
    chain: report.certificate?.chain ?? [],
    claimedAt: report.claimedTime,
    jsonUrl: `${url}.json`,
    cmsUrl: `${url}.cms`,
    proofUrl: proof?.evidence.objectKey ? `${url}.proof.cms` : null,
    retryUrl: mayRetry && proof?.evidence.state === 'gathering' ? `${url}/retry` : null,
  };
}
