import type { SignatureReportPage } from '../../server/evidence/pages';
import type { SignatureView } from '../../server/kit/parts/signer';
import type { RevocationReport, TimeStampReport } from '../../signature';
import { type Sample, samplePage as page } from './sample';

const answered: RevocationReport = {
  subject: 'CN=БЕКМҰРАТ САУЛЕ,serialNumber=IIN850612300145,C=KZ',
  serial: '3c90a1f2b4d5e6f7',
  status: 'good',
  source: 'ocsp',
  thisUpdate: '2026-11-20T03:40:18Z',
  nextUpdate: null,
  producedAt: '2026-11-20T03:40:18Z',
  responder: { subject: 'CN=OCSP RESPONDER,C=KZ', serial: '51' },
  revokedAt: null,
  reason: null,
  digest: '7f3a09c251be88d04477a1c903f2d6ee9b1c5a70e2f488316c0d9a5412abd41e',
  fault: null,
};

const stamp: TimeStampReport = {
  time: '2026-11-20T03:40:17Z',
  tsa: 'CN=TIME-STAMPING AUTHORITY,C=KZ',
  policy: '1.2.398.3.3.2.6.4',
  serial: '6a51',
  kind: 'signature',
  result: 'pass',
  code: 'ok',
  provesUntil: '2028-10-27T00:00:00Z',
  chain: [],
  revocation: [{ ...answered, subject: 'CN=TIME-STAMPING AUTHORITY,C=KZ', serial: '77' }],
};

/** Reports about one signature, as members and as outside people see them. */
export function signaturePages(signature: SignatureView, doubtful: SignatureView): readonly Sample[] {
  const report: SignatureReportPage = {
    base: '/documents/1',
    title: 'Договор поставки № 118/25',
    fileName: 'Договор поставки № 118-25.pdf',
    sha256: answered.digest ?? '',
    signature,
    proof: signature.proof,
    checks: signature.checks.map(({ name, result, detail }) => ({
      name: name as 'digest',
      result,
      code: 'ok' as const,
      detail: detail ?? '',
    })),
    timeStamps: [stamp],
    revocation: [answered],
    chain: [
      { subject: answered.subject, fingerprint: answered.digest ?? '' },
      { subject: 'CN=ҰЛТТЫҚ КУӘЛАНДЫРУШЫ ОРТАЛЫҚ (GOST) 2022,C=KZ', fingerprint: answered.digest ?? '' },
    ],
    claimedAt: '2026-11-20T03:40:16Z',
    jsonUrl: '/documents/1/signatures/31.json',
    cmsUrl: '/documents/1/signatures/31.cms',
    proofUrl: '/documents/1/signatures/31.proof.cms',
    retryUrl: null,
  };
  const waiting: SignatureReportPage = {
    ...report,
    signature: doubtful,
    proof: doubtful.proof,
    timeStamps: [],
    revocation: [{ ...answered, status: 'missing', source: null, thisUpdate: null, producedAt: null, responder: null, digest: null }],
    proofUrl: null,
    retryUrl: '/documents/1/signatures/32/retry',
  };
  return [
    page('pages/signatures/show', 'signature-report', report),
    page('pages/signatures/show', 'signature-report-waiting', waiting),
    page('pages/signatures/sheet', 'signature-report-guest', { ...report, base: '/invitations/token' }),
  ];
}
