import { digest } from '../digests';
import type { TrustStore } from '../x509/trust';
import { describeCertificate } from '../x509/certificate';
import { Work } from '../work';
import type { Code } from './codes';
import type { Policy } from './policy';
import { isoTime } from './report';
import { checkTimeStamp } from './time-stamp';

/** What a time-stamp token that stands by itself proves; `time` is ISO 8601, null when the token cannot be read. */
export interface TokenReport {
  readonly result: 'pass' | 'fail' | 'not checked';
  readonly code: Code;
  readonly detail: string;
  readonly time: string | null;
  readonly tsa: string | null;
  /** When the authority's certificate, and with it the proof, ends. */
  readonly provesUntil: string | null;
}

/** Verifies a token (RFC 3161) over these octets, such as the head of a log; throws only when the budget is used up. */
export function verifyTimeStampToken(
  token: Uint8Array,
  octets: Uint8Array,
  input: { readonly at: Date; readonly trust: TrustStore; readonly policy: Policy; readonly work?: Work },
): TokenReport {
  const { at, trust, policy, work = new Work() } = input;
  const evidence = { ocsp: [], crls: [] };
  const facts = checkTimeStamp(token, (name) => digest(name, octets), { policy, at, existedAt: at, trust, evidence, pool: [], work });
  const { finding, info, tsa } = facts;
  return {
    result: finding.result,
    code: finding.result === 'pass' ? 'ok' : (finding.code ?? 'ok'),
    detail: finding.detail ?? '',
    time: info ? isoTime(info.genTime) : null,
    tsa: tsa ? describeCertificate(tsa) : null,
    provesUntil: tsa ? isoTime(tsa.notAfter) : null,
  };
}
