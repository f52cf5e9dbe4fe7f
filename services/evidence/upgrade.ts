import type { checkOnline } from '../../integrations/pki/check';
import { type PkiProblem } from '../../integrations/pki/pki';
import type { WorkerDeps } from '../deps';
import {
  addArchiveTimeStamp,
  addTimeStamp,
  archiveTimeStampImprint,
  digest,
  embedEvidence,
  evidenceNeeds,
  proofEnds,
  requiredDigests,
  type VerificationInput,
  verifyCms,
} from '../../signature';

/** How long before a proof ends it is renewed: years of service lie ahead of it, and an authority may be away for weeks. Milliseconds. */
export const renewBeforeMs = 90 * 86_400_000;

type Upgraded = { der: Uint8Array; problems: PkiProblem[] };

/** The CMS with a signature time-stamp, when it has no good one. A token that does not prove anything is not kept. */
export async function withTimeStamp(deps: WorkerDeps, der: Uint8Array, input: VerificationInput): Promise<Upgraded> {
  const [wanted] = evidenceNeeds(der, input).timeStamps;
  if (!wanted) return { der, problems: [] };
  const algorithm = requiredDigests(der)[0] ?? 'streebog512';
  const answer = await deps.pki.timeStamp({ algorithm, imprint: digest(algorithm, wanted.octets) });
  if (!answer.ok) return { der, problems: [answer.problem] };
  const stamped = addTimeStamp(der, answer.token);
  const isGood = evidenceNeeds(stamped, { ...input, at: deps.now() }).timeStamps.length === 0;
  return isGood ? { der: stamped, problems: [] } : { der, problems: [untrusted(deps)] };
}

/** The CMS with a new archive time-stamp over everything it holds. */
export async function renew(deps: WorkerDeps, der: Uint8Array, input: VerificationInput): Promise<Upgraded> {
  const algorithm = requiredDigests(der)[0] ?? 'streebog512';
  const imprint = archiveTimeStampImprint(der, algorithm, input.digests?.[algorithm]);
  const answer = await deps.pki.timeStamp({ algorithm, imprint: imprint.imprint });
  if (!answer.ok) return { der, problems: [answer.problem] };
  const renewed = addArchiveTimeStamp(der, answer.token, imprint);
  const signer = verifyCms(renewed, { ...input, at: deps.now() }).signers[0];
  const isGood = signer?.timeStamps.some((stamp) => stamp.kind === 'archive' && stamp.result !== 'fail') ?? false;
  return isGood ? { der: renewed, problems: [] } : { der, problems: [untrusted(deps)] };
}

const untrusted = (deps: WorkerDeps): PkiProblem => ({
  service: 'tsp',
  url: deps.config.pki.tspUrl ?? '',
  failure: 'signature-bad',
  detail: 'the token does not verify',
});

/** The CMS with the answers, lists and certificates its paths lack; the bytes themselves when it lacks nothing. */
export function enclose(der: Uint8Array, input: VerificationInput, checked: Awaited<ReturnType<typeof checkOnline>>): Uint8Array {
  const needs = evidenceNeeds(der, input);
  if (needs.statuses.length === 0 && needs.certificates.length === 0) return der;
  const answered = embedEvidence(der, { certificates: needs.certificates, ocsp: checked.ocsp.map((answer) => answer.response), crls: [] });
  // Lists are megabytes long: only those of authorities whose responder has not answered.
  const issuers = evidenceNeeds(answered, input).statuses.map(({ certificate }) => Buffer.from(certificate.issuer.der).toString('hex'));
  const crls = checked.crls.filter((crl) => issuers.includes(Buffer.from(crl.issuer.der).toString('hex')));
  return crls.length > 0 ? embedEvidence(answered, { certificates: [], ocsp: [], crls }) : answered;
}

export const endsSoon = (der: Uint8Array, now: Date): boolean => (proofEnds(der)?.getTime() ?? Infinity) - renewBeforeMs < now.getTime();
