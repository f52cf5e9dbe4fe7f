import { randomBytes } from 'node:crypto';
import {
  addArchiveTimeStamp,
  addTimeStamp,
  archiveTimeStampImprint,
  DOCUMENT_POLICY,
  embedEvidence,
  evidenceNeeds,
  makeOcspRequest,
  makeTimeStampRequest,
  parseCrl,
  parseOcspResponse,
  parseSignedData,
  policyFor,
  proofEnds,
  readTimeStampResponse,
  requiredDigests,
  verifyCms,
  type Certificate,
  type DigestName,
  type SignerReport,
  type VerificationInput,
} from '../../signature';
import { toHex } from '../../signature/bytes';
import { digest } from '../../signature/digests';
import { generatePrivateKey, issueCertificate, makeCms, subjectPublicKeyInfo, type Signer } from '../../signature/make';
import { Register } from '../../scripts/simulators/nuc/register';
import { goodBehaviour } from '../../scripts/simulators/nuc/behaviour';
import type { Algorithm } from '../../scripts/simulators/nuc/keys';
import { answerOcsp, answerTsp, fileAt, type ServiceContext } from '../../scripts/simulators/nuc/services';
import { onlySigner } from './support/fixtures';
import { makeTestNuc } from './support/nuc';

const NOW = new Date('2026-06-01T12:00:00Z');
const years = (count: number): Date => new Date(NOW.getTime() + count * 365 * 86_400_000);
const minutes = (count: number): Date => new Date(NOW.getTime() + count * 60_000);
const content = Buffer.from('Келісімшарт на тридцать лет');
const test_ = makeTestNuc(NOW);
const { keys, trust } = test_;

function services(now: Date): ServiceContext {
  return { keys, register: new Register(keys.issued, undefined, new Date(NOW.getTime() - 86_400_000)), behaviour: goodBehaviour, now };
}

function stamp(algorithm: DigestName, imprint: Uint8Array, at: Date, policy?: string): Uint8Array {
  const order = { algorithm, imprint, nonce: 7n, ...(policy === undefined ? {} : { policy }) };
  const result = readTimeStampResponse(answerTsp(makeTimeStampRequest(order), services(at)), order);
  if (!result.ok) throw new Error(result.detail);
  return result.token;
}

/** What the evidence workflow does with a stamped signature: asks for all that is missing and embeds it. */
function gather(cms: Uint8Array, at: Date): Uint8Array {
  expect(evidenceNeeds(cms, { at, trust, policy: policyFor('sign') }).timeStamps).toEqual([]);
  return withStatuses(cms, at);
}

function withStatuses(cms: Uint8Array, at: Date): Uint8Array {
  const needs = evidenceNeeds(cms, { at, trust, policy: policyFor('sign') });
  const answers = needs.statuses.map(({ certificate, issuer }) =>
    parseOcspResponse(answerOcsp(makeOcspRequest({ certificate, issuer, nonce: randomBytes(16) }), services(at))),
  );
  const list = (certificate: Certificate): Uint8Array | undefined => fileAt(new URL(certificate.crlUrls[0]!).pathname, services(at));
  const byRoot = needs.statuses.filter(({ issuer }) => issuer.subject.der === issuer.issuer.der || issuer.person.name?.includes('ROOT'));
  const crls = byRoot.map(({ certificate }) => parseCrl(list(certificate)!));
  return embedEvidence(cms, { certificates: needs.certificates, ocsp: answers, crls });
}

function signed(signer: Signer): Uint8Array {
  return makeCms({ ...signer, document: { content, attached: false }, signingTime: NOW });
}

function stamped(cms: Uint8Array, algorithm: Algorithm, at = minutes(1)): Uint8Array {
  const name = algorithm === 'gost2015' ? 'streebog512' : 'sha256';
  const policy = algorithm === 'gost2015' ? undefined : '1.2.398.3.3.2.6.2';
  return addTimeStamp(cms, stamp(name, digest(name, parseSignedData(cms).signers[0]!.signature), at, policy));
}

function archived(cms: Uint8Array, name: DigestName, at: Date, policy?: string): Uint8Array {
  const order = archiveTimeStampImprint(cms, name, digest(name, content));
  return addArchiveTimeStamp(cms, stamp(name, order.imprint, at, policy), order);
}

function check(cms: Uint8Array, at: Date, more: Partial<VerificationInput> = {}): SignerReport {
  return onlySigner(verifyCms(cms, { content, at, trust, policy: policyFor('sign'), ...more }));
}

describe.each(['gost2015', 'rsa'] as const)('a signature kept for decades (%s)', (algorithm) => {
  const signer = test_.certified({ kind: 'subject', roles: ['individual'] }, algorithm);
  const bes = signed(signer);
  const t = stamped(bes, algorithm);
  const lt = gather(t, minutes(2));
  const name = algorithm === 'gost2015' ? 'streebog512' : 'sha256';

  /** The long-term form with an archive time-stamp of another authority. */
  function archivedBy(authority: Signer, at: Date): Uint8Array {
    const order = archiveTimeStampImprint(lt, name, digest(name, content));
    const context = { ...services(at), keys: { ...keys, timeStamping: { ...keys.timeStamping, [algorithm]: authority } } };
    const policy = algorithm === 'rsa' ? '1.2.398.3.3.2.6.2' : '1.2.398.3.3.2.6.4';
    const request = { algorithm: name, imprint: order.imprint, policy } as const;
    const result = readTimeStampResponse(answerTsp(makeTimeStampRequest(request), context), request);
    if (!result.ok) throw new Error(result.detail);
    return addArchiveTimeStamp(lt, result.token, order);
  }

  test('says step by step what it needs', () => {
    const first = evidenceNeeds(bes, { at: minutes(1), trust, policy: policyFor('sign') });
    expect(first.timeStamps).toEqual([{ signer: 0, octets: parseSignedData(bes).signers[0]!.signature }]);
    const second = evidenceNeeds(t, { at: minutes(2), trust, policy: policyFor('sign') });
    expect(second.timeStamps).toEqual([]);
    expect(second.statuses.map((need) => [need.usedBy, need.certificate.person.name])).toEqual([
      ['signer', 'СЫНАҚ ТЕСТ'],
      ['signer', `TEST CA ${algorithm}`],
      ['time-stamp', 'TEST TSA'],
    ]);
    expect(evidenceNeeds(lt, { at: minutes(2), trust, policy: policyFor('sign') })).toEqual({
      timeStamps: [],
      statuses: [],
      certificates: [],
    });
  });

  test('an answer enclosed before the stamp came does not stand for one after it', () => {
    const early = withStatuses(bes, NOW);
    const late = stamped(early, algorithm, minutes(3));
    const wanted = evidenceNeeds(late, { at: minutes(3), trust, policy: policyFor('sign') }).statuses;
    expect(wanted.map((need) => [need.usedBy, need.certificate.person.name])).toEqual([
      ['signer', 'СЫНАҚ ТЕСТ'],
      ['time-stamp', 'TEST TSA'],
    ]);
    const whole = gather(late, minutes(4));
    expect(evidenceNeeds(whole, { at: minutes(4), trust, policy: policyFor('sign') }).statuses).toEqual([]);
    expect(check(whole, minutes(5)).revocation[0]).toMatchObject({ status: 'good', thisUpdate: '2026-06-01T12:04:00Z' });
  });

  test('rises from BES to T to LT, undecided until its revocation is known', () => {
    expect(check(bes, minutes(1))).toMatchObject({
      level: 'CAdES-BES',
      verdict: 'indeterminate',
      code: 'revocation.missing',
      pending: ['revocation'],
    });
    expect(check(t, minutes(1))).toMatchObject({ level: 'CAdES-T', code: 'revocation.missing', pending: ['revocation'] });
    const report = check(lt, minutes(2));
    expect(report).toMatchObject({ level: 'CAdES-LT', verdict: 'valid', pending: [], bestTime: '2026-06-01T12:01:00Z' });
    expect(report.revocation[0]).toMatchObject({ status: 'good', source: 'ocsp', thisUpdate: '2026-06-01T12:02:00Z', fault: null });
    expect(report.revocation[0]!.digest).toMatch(/^[0-9a-f]{64}$/);
    expect(report.revocation[1]).toMatchObject({ status: 'good', source: 'crl' });
    expect(report.timeStamps[0]!.revocation[0]).toMatchObject({ status: 'good', source: 'ocsp' });
  });

  test('nothing signed changes by embedding, and embedding twice changes nothing', () => {
    const infos = [bes, t, lt].map((cms) => toHex(parseSignedData(cms).signers[0]!.signedOctets!));
    expect(new Set(infos).size).toBe(1);
    const { certificates, revocationInfo } = parseSignedData(lt);
    const again = embedEvidence(lt, { certificates, ocsp: [], crls: [] });
    expect(toHex(again)).toBe(toHex(lt));
    expect(revocationInfo.length).toBeGreaterThanOrEqual(3);
  });

  test('an enclosed answer that was altered proves nothing and hides nothing', () => {
    const answer = parseSignedData(lt).revocationInfo.find((info) => info.tag === 0xa1)!.bytes;
    const altered = Uint8Array.from(lt);
    const { basic } = parseOcspResponse(parseSignedData(lt).revocationInfo.find((info) => info.tag === 0xa1)!.children[1]!.bytes);
    altered[Buffer.from(lt).indexOf(answer) + Buffer.from(answer).indexOf(basic!.signed.signature) + 5]! ^= 1;
    const report = check(altered, minutes(2));
    expect(report.level).toBe('CAdES-T');
    expect([report, ...report.timeStamps].some(({ revocation }) => revocation.some(({ status }) => status === 'missing'))).toBe(true);
  });

  test('verifies without a network until the certificate of its time-stamp ends', () => {
    expect(check(lt, years(2))).toMatchObject({ level: 'CAdES-LT', verdict: 'valid' });
    const end = proofEnds(lt)!;
    expect(end).toEqual(keys.timeStamping[algorithm].certificate.notAfter);
    expect(check(lt, new Date(end.getTime() + 1_000))).toMatchObject({ verdict: 'indeterminate', code: 'timestamp.expired' });
  });

  test('an archive time-stamp made in time keeps it alive, and is renewed again', () => {
    const renewal = test_.certified({ kind: 'tsa' }, algorithm, { from: years(2), to: years(5) });
    const lta = archivedBy(renewal, years(2.5));
    expect(requiredDigests(lta)).toEqual([name]);
    expect(proofEnds(lta)).toEqual(renewal.certificate.notAfter);
    expect(check(lta, years(4))).toMatchObject({ level: 'CAdES-LTA', verdict: 'valid', bestTime: '2026-06-01T12:01:00Z' });
    expect(check(lta, years(4)).checks.find((c) => c.name === 'archive-time-stamp')).toMatchObject({ result: 'pass' });
    expect(check(lta, years(6))).toMatchObject({ verdict: 'indeterminate', code: 'timestamp.expired' });
  });

  test('an archive time-stamp made too late keeps nothing', () => {
    const late = test_.certified({ kind: 'tsa' }, algorithm, { from: years(3.5), to: years(6) });
    expect(check(archivedBy(late, years(4)), years(4.1))).toMatchObject({ code: 'timestamp.expired' });
  });

  test('what an archive time-stamp covers cannot be changed or taken away; what is added later does no harm', () => {
    const policy = algorithm === 'rsa' ? '1.2.398.3.3.2.6.2' : undefined;
    const lta = archived(lt, name, minutes(3), policy);
    expect(check(lta, minutes(4))).toMatchObject({ level: 'CAdES-LTA', verdict: 'valid' });
    const stranger = generatePrivateKey('rsa');
    const added = issueCertificate(
      { subject: { name: 'X' }, publicKey: subjectPublicKeyInfo(stranger), profile: { kind: 'ca' }, notBefore: NOW, notAfter: years(1) },
      { selfSigned: stranger },
    );
    expect(check(embedEvidence(lta, { certificates: [added], ocsp: [], crls: [] }), minutes(4))).toMatchObject({ verdict: 'valid' });
    const altered = Uint8Array.from(lta);
    const list = parseSignedData(lta).revocationInfo[0]!.bytes;
    altered[Buffer.from(lta).indexOf(list) + list.length - 20]! ^= 1;
    expect(check(altered, minutes(4))).toMatchObject({ verdict: 'invalid', code: 'archive.mismatch', level: 'CAdES-T' });
    const other = onlySigner(verifyCms(lta, { content: Buffer.from('другое'), at: minutes(4), trust, policy: DOCUMENT_POLICY }));
    expect(other.code).toBe('digest.mismatch');
    expect(other.checks.find((c) => c.name === 'archive-time-stamp')).toMatchObject({ code: 'timestamp.imprint_mismatch' });
  });
});
