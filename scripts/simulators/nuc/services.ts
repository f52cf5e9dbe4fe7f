import { randomBytes } from 'node:crypto';
import { digestByOid } from '../../../signature/digests';
import { attempt } from '../../../signature/errors';
import {
  grantTimeStamp,
  issueCrl,
  issueOcspResponse,
  makeTimeStamp,
  ocspErrorResponse,
  refuseTimeStamp,
  type CertificateStatus,
  type OcspAnswerOrder,
  type Signer,
} from '../../../signature/make';
import { namesIssuer, parseOcspRequest, type CertId } from '../../../signature/ocsp';
import { writeCertId } from '../../../signature/ocsp/cert-id';
import { OID } from '../../../signature/oids';
import { parseTimeStampRequest } from '../../../signature/tsp';
import type { Behaviour } from './behaviour';
import { ALGORITHMS, pathsOf, type Algorithm, type NucKeys } from './keys';
import type { Register } from './register';

/** What the services need to answer; `now` is the authority's own clock, offset included. */
export interface ServiceContext {
  keys: NucKeys;
  register: Register;
  behaviour: Behaviour;
  now: Date;
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
/** How long an answer and the lists serve. */
const answerMs = 10 * minuteMs;
const listMs = 30 * dayMs;
const deltaMs = dayMs;

const wholeSecond = (at: Date): Date => new Date(Math.floor(at.getTime() / 1000) * 1000);

/** OCSPResponse to a request's DER. */
export function answerOcsp(request: Uint8Array, context: ServiceContext): Uint8Array {
  const { keys, behaviour } = context;
  if (behaviour.ocsp === 'try-later') return ocspErrorResponse('try-later');
  const asked = attempt(() => parseOcspRequest(request));
  if (!asked) return ocspErrorResponse('malformed-request');
  const [first] = asked.ids;
  const algorithm = ALGORITHMS.find((each) => namesIssuer(first!, keys.issuers[each].certificate));
  if (!algorithm || !asked.ids.every((id) => namesIssuer(id, keys.issuers[algorithm].certificate)))
    return ocspErrorResponse('unauthorized');
  const producedAt = wholeSecond(context.now);
  return issueOcspResponse(
    {
      answers: asked.ids.map((id) => answerAbout(id, algorithm, context)),
      producedAt,
      nextUpdate: behaviour.ocsp === 'no-next-update' ? undefined : new Date(producedAt.getTime() + answerMs),
      nonce: behaviour.ocsp === 'wrong-nonce' ? randomBytes(16) : asked.nonce,
    },
    // The time-stamping authority is of the same house, but nobody delegated answering to it.
    behaviour.ocsp === 'wrong-signer' ? keys.timeStamping[algorithm] : keys.responders[algorithm],
  );
}

function answerAbout(id: CertId, algorithm: Algorithm, { keys, register, behaviour, now }: ServiceContext): OcspAnswerOrder {
  const known = register.statusOf(id.serial, algorithm);
  const issuer = keys.issuers[algorithm].certificate;
  if (behaviour.ocsp === 'wrong-certificate')
    return { about: { ...id, der: writeCertId(id.serial + 1n, issuer) }, status: { status: 'good' } };
  return { about: id, status: told(behaviour, known, now) };
}

function told({ ocsp }: Behaviour, known: CertificateStatus, now: Date): CertificateStatus {
  if (ocsp === 'revoked') return { status: 'revoked', revokedAt: new Date(now.getTime() - hourMs), reason: 'superseded' };
  return ocsp === 'unknown-1970' ? { status: 'never-issued' } : known;
}

/** Which key stamps under which policy: those of NUC RK. */
const POLICIES: Readonly<Record<string, Algorithm>> = { [OID.tsaPolicyGost2015]: 'gost2015', [`${OID.tsaPolicy}.2`]: 'rsa' };

/** TimeStampResp to a request's DER. */
export function answerTsp(request: Uint8Array, { keys, behaviour, now }: ServiceContext): Uint8Array {
  if (behaviour.tsp === 'refused') return refuseTimeStamp('time-not-available', 'The source of time is not available');
  const asked = attempt(() => parseTimeStampRequest(request));
  if (!asked) return refuseTimeStamp('bad-data-format', 'The request cannot be read');
  const name = digestByOid(asked.imprintAlgorithm);
  if (!name) return refuseTimeStamp('bad-algorithm', 'The digest of the imprint is not supported');
  if (asked.hasExtensions) return refuseTimeStamp('unaccepted-extension', 'Extensions are not supported');
  const policy = asked.policy ?? OID.tsaPolicyGost2015;
  const algorithm = POLICIES[policy];
  if (!algorithm) return refuseTimeStamp('unaccepted-policy', 'There is no such policy');
  const value = Uint8Array.from(asked.imprint);
  if (behaviour.tsp === 'wrong-imprint') value[0]! ^= 0xff;
  // A certificate of the same authority that is for answering about revocation, not for stamping.
  const signer: Signer = behaviour.tsp === 'wrong-purpose' ? keys.responders[algorithm] : keys.timeStamping[algorithm];
  return grantTimeStamp(
    makeTimeStamp({ ...signer, imprint: { algorithm: name, value }, genTime: wholeSecond(now), nonce: asked.nonce, policy }),
  );
}

/** DER of the file at a path below /crl/ or /ca/, undefined when there is none. */
export function fileAt(pathname: string, context: ServiceContext): Uint8Array | undefined {
  for (const algorithm of ALGORITHMS) {
    const [root, issuer] = [pathsOf(algorithm, 'root'), pathsOf(algorithm, 'issuer')];
    if (pathname === root.certificate) return context.keys.roots[algorithm].certificate.der;
    if (pathname === issuer.certificate) return context.keys.issuers[algorithm].certificate.der;
    if (pathname === root.base) return rootList(algorithm, context);
    if (pathname === issuer.base) return baseList(algorithm, context);
    if (pathname === issuer.delta) return deltaList(algorithm, context);
  }
  return undefined;
}

/** Shifts a list into the past when lists are to be stale. */
function dates({ behaviour }: ServiceContext, thisUpdate: Date, lifeMs: number): { thisUpdate: Date; nextUpdate: Date } {
  const start = wholeSecond(new Date(thisUpdate.getTime() - (behaviour.crl === 'stale' ? 2 * lifeMs : 0)));
  return { thisUpdate: start, nextUpdate: new Date(start.getTime() + lifeMs) };
}

/** The root has revoked nobody. */
function rootList(algorithm: Algorithm, context: ServiceContext): Uint8Array {
  return issueCrl({ ...dates(context, context.now, listMs), number: 1n, revoked: [] }, context.keys.roots[algorithm]).der;
}

function baseList(algorithm: Algorithm, context: ServiceContext): Uint8Array {
  const { number, thisUpdate, entries } = context.register.base(algorithm);
  return issueCrl({ ...dates(context, thisUpdate, listMs), number, revoked: entries }, context.keys.issuers[algorithm]).der;
}

function deltaList(algorithm: Algorithm, context: ServiceContext): Uint8Array {
  const { number, deltaBase, entries } = context.register.delta(algorithm);
  return issueCrl({ ...dates(context, context.now, deltaMs), number, deltaBase, revoked: entries }, context.keys.issuers[algorithm]).der;
}
