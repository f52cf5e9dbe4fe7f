import type { Pki } from '../../integrations/pki/pki';
import { checkSignature } from '../../services/signing/check-signature';
import {
  addTimeStamp,
  CMS_LIMITS,
  countSigners,
  createTrustStore,
  embedEvidence,
  evidenceNeeds,
  mergeCms,
  parseOcspResponse,
  parseSignedData,
  policyFor,
  SignatureFormatError,
  verifyCms,
  Work,
  type WorkLimits,
} from '../../signature';
import { digest } from '../../signature/digests';
import { issueCertificate, issueOcspResponse, type Issuer, makeCms, makeTimeStamp, subjectPublicKeyInfo } from '../../signature/make';
import { buildChain } from '../../signature/x509/chain';
import { certified, costlyCms } from '../support/costly';

// What a hostile signature may cost is counted, never timed: the account of the work says it.

const NOW = new Date('2026-06-01T12:00:00Z');
const content = Buffer.from('a document');
const root = certified('TEST ROOT', { kind: 'ca' }, NOW);
const trust = createTrustStore([root.certificate]);
const policy = policyFor('sign');
const tooCostly = expect.objectContaining({ name: 'SignatureFormatError', code: 'structure.too_costly' }) as SignatureFormatError;

const spent = (cms: Uint8Array, limits: WorkLimits = CMS_LIMITS): { work: Work; run: () => unknown } => {
  const work = new Work(limits);
  return { work, run: () => verifyCms(cms, { at: NOW, trust, policy, work }) };
};

const crowd = costlyCms(content, NOW, { signers: 100, tokens: 8, crowd: 120 });

test('a CMS of many signers, tokens and look-alike authorities ends with a code once its budget is used up', () => {
  const { work, run } = spent(crowd);
  expect(run).toThrow(tooCostly);
  for (const what of Object.keys(CMS_LIMITS) as (keyof WorkLimits)[]) {
    const most = what === 'hashing' || what === 'structureBytes' ? CMS_LIMITS[what] : CMS_LIMITS[what] + 1;
    expect([what, work.spent(what) <= most]).toEqual([what, true]);
  }
  expect(() => evidenceNeeds(crowd, { at: NOW, trust, policy })).toThrow(tooCostly);
});

test('the same bytes cost the same, however often they were looked at before', () => {
  const small = costlyCms(content, NOW, { signers: 2, tokens: 2, crowd: 20 });
  const once = (): number => {
    const { work, run } = spent(small);
    run();
    return work.spent('publicKeyOperations');
  };
  const first = once();
  expect(first).toBeGreaterThan(20);
  expect(once()).toBe(first);
});

test('one signer with eight tokens and a crowd of authorities stays within the budget', () => {
  const { work, run } = spent(costlyCms(content, NOW, { signers: 1, tokens: 8, crowd: 200 }));
  run();
  expect(work.spent('publicKeyOperations')).toBeLessThan(150);
});

test('authorities that look alike and have the same key are tried once', () => {
  const ca = certified('TEST CA', { kind: 'ca' }, NOW);
  const again = (serial: bigint): Issuer['certificate'] =>
    issueCertificate(
      {
        subject: { name: 'TEST CA' },
        publicKey: subjectPublicKeyInfo(ca.privateKey),
        profile: { kind: 'ca' },
        notBefore: ca.certificate.notBefore,
        notAfter: ca.certificate.notAfter,
        serial,
      },
      root,
    );
  const other = certified('TEST CA', { kind: 'ca' }, NOW);
  const leaf = certified('ТЕСТ', { kind: 'subject', roles: ['individual'] }, NOW, {
    ...other,
    certificate: { ...other.certificate, subjectKeyIdentifier: ca.certificate.subjectKeyIdentifier },
  });
  const work = new Work();
  const pool = Array.from({ length: 50 }, (_, i) => again(BigInt(i + 1)));
  expect(buildChain(leaf.certificate, trust, pool, NOW, work)).toMatchObject({ trusted: false, fault: 'signature-bad' });
  expect(work.spent('publicKeyOperations')).toBe(1);
});

test('a contract of a hundred signers with all their proofs costs no more than half of what it may', () => {
  const ca = certified('TEST CA', { kind: 'ca' }, NOW, root);
  const tsa = certified('TSA', { kind: 'tsa' }, NOW, ca);
  const responder = certified('RESPONDER', { kind: 'ocsp' }, NOW, ca);
  const one = (i: number): Uint8Array => {
    const signer = certified(`SIGNER ${i}`, { kind: 'subject', roles: ['individual'] }, NOW, ca, { iin: '900101300017' });
    const cms = makeCms({ ...signer, document: { content, attached: true }, signingTime: NOW });
    const value = digest('streebog512', parseSignedData(cms).signers[0]!.signature);
    const stamped = addTimeStamp(cms, makeTimeStamp({ ...tsa, imprint: { algorithm: 'streebog512', value }, genTime: NOW }));
    const answer = (about: Issuer): ReturnType<typeof parseOcspResponse> =>
      parseOcspResponse(
        issueOcspResponse(
          { answers: [{ about: { certificate: about.certificate, issuer: ca.certificate }, status: { status: 'good' } }], producedAt: NOW },
          responder,
        ),
      );
    return embedEvidence(stamped, { certificates: [ca.certificate], crls: [], ocsp: [answer(signer), answer(tsa)] });
  };
  const { work, run } = spent(mergeCms(Array.from({ length: 100 }, (_, i) => one(i))));
  expect(run()).toMatchObject({ verdict: 'valid' });
  for (const what of Object.keys(CMS_LIMITS) as (keyof WorkLimits)[]) {
    if (what !== 'signers') expect([what, work.spent(what) <= CMS_LIMITS[what] / 2 + 1]).toEqual([what, true]);
  }
});

test('an attached document is hashed once for each algorithm, and slow ones count for more', () => {
  const work = new Work();
  const bytes = new Uint8Array(1_000);
  work.digest('sha256', bytes);
  work.digest('sha256', bytes.subarray(0));
  const fast = work.spent('hashing');
  work.digest('gost34311', bytes);
  expect(fast).toBe(1_000);
  expect(work.spent('hashing') - fast).toBeGreaterThan(10_000);
  expect(() => new Work({ ...CMS_LIMITS, hashing: 999 }).digest('sha256', bytes)).toThrow(tooCostly);
});

describe('where exactly one signer is expected', () => {
  const request = { signature: crowd, digests: {}, at: NOW.getTime() };
  const asked: string[] = [];
  const pki: Pki = {
    statuses: () => (asked.push('ocsp'), Promise.resolve({ ocsp: [], problems: [] })),
    timeStamp: () => Promise.reject(new Error('nobody asks for a stamp')),
  };

  test('several are refused before anything is verified', async () => {
    expect(countSigners(crowd)).toBe(100);
    const tools = { trust, policy: {}, pki };
    // the same bytes verified would end as too costly: nobody came so far
    expect(await checkSignature({ ...request, onlySigner: true }, tools)).toEqual({ ok: false, code: 'signing.several_signers' });
    expect(await checkSignature(request, tools)).toEqual({ ok: false, code: 'signing.too_costly' });
    expect(asked).toEqual([]);
  });

  test.each([
    ['nothing', new Uint8Array()],
    ['a sequence of nothing', Uint8Array.of(0x30, 0x80, 0, 0)],
    ['a certificate', root.certificate.der],
  ])('%s is no CMS', (_what, bytes) => {
    expect(() => countSigners(bytes)).toThrow(SignatureFormatError);
  });
});
