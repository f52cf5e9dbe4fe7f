import type { Instant } from '../../services/texts/types';
import type { CheckReport, RevocationReport, TimeStampReport } from '../../signature';
import type { ProofView } from '../kit/parts/proof';
import type { SignatureView } from '../kit/parts/signer';

/** GET <base>/signatures/:id: everything found about one signature, for a lawyer and for print. POST <base>/signatures/:id/retry. */
export interface SignatureReportPage {
  base: string;
  title: string;
  fileName: string;
  sha256: string;
  signature: SignatureView;
  proof: ProofView | null;
  checks: readonly CheckReport[];
  timeStamps: readonly TimeStampReport[];
  revocation: readonly RevocationReport[];
  chain: readonly { subject: string; fingerprint: string }[];
  claimedAt: Instant | null;
  jsonUrl: string;
  cmsUrl: string;
  /** The upgraded signature, once there is one. */
  proofUrl: string | null;
  /** Asks for the next try at once; null when nothing is awaited. */
  retryUrl: string | null;
}

declare module '../kit/views' {
  interface Pages {
    'pages/signatures/show': SignatureReportPage;
    'pages/signatures/sheet': SignatureReportPage;
  }
}
