import type { ErrorRef, Instant } from '../../services/texts/types';
import type { FileView } from '../kit/parts/file';
import type { VerdictName } from '../kit/parts/signer';

/** Which key is wanted: worded by `requiredKey.<id>`. */
export type RequiredKey = 'individual' | 'organisation' | 'first-head' | 'signer' | 'any';

/**
 * GET <base>/sign: dialog with htmx, page without. GET `sessionUrl` → SigningSessionJson. POST `postUrl`, urlencoded `_csrf`, `command`, `cms`
 * (base64 DER): answers `fragments/signing/result` (200 accepted, 409 or 422 refused) or `fragments/command-pending` (202).
 */
export interface SignPage {
  base: string;
  title: string;
  file: FileView;
  signer: { name: string; iin: string };
  onBehalf: { name: string; bin: string } | null;
  requiredKey: RequiredKey;
  command: string;
  expiresAt: Instant;
  sessionUrl: string;
  postUrl: string;
  /** wss://127.0.0.1:13579 or the simulator's address. */
  ncalayerUrl: string;
  /** Demo: page of the simulator's small window with the keys. */
  simulatorUrl: string | null;
  /** The same with the phone; null where it is not offered. */
  phoneUrl: string | null;
}

export interface SigningSessionJson {
  documentUrl: string;
  fileName: string;
  sizeBytes: number;
  digestSha256: string;
  digestStreebog: string;
  extKeyUsageOids: string[];
  iin: string | null;
  bin: string | null;
  /** CA certificates, base64 DER, when the keys do not chain to NCALayer's own list (demo); null otherwise. */
  chain: string[] | null;
  /** Ask the authority's clock for a time-stamp through NCALayer. */
  wantsTimestamp: boolean;
}

export interface SigningResult {
  base: string;
  /** null when the signature was refused. */
  verdict: VerdictName | null;
  /** Accepted: the dotted verdict code. */
  code: string;
  /** Refused: why (`signing.wrong_iin`, `digest.mismatch`, `certificate.expired`, …). */
  error: ErrorRef | null;
  certificateName: string | null;
  documentHref: string;
}

declare module '../kit/views' {
  interface Pages {
    'pages/documents/sign': SignPage;
    'pages/invitations/sign': SignPage;
  }
  interface Fragments {
    'fragments/signing/dialog': SignPage;
    'fragments/signing/result': SigningResult;
  }
}
