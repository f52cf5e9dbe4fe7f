import { DOCUMENT_POLICY, PURPOSES, PolicyError, policyFor, readPolicy, verifyCms } from '../../signature';
import { cmsFixture, fixture, testTrust } from './support/fixtures';

const AT = new Date('2026-08-01T00:00:00Z');
const individual = cmsFixture('ncalayer-individual-attached-cadest.der');

function check(policy: typeof DOCUMENT_POLICY): { verdict: string; code: string; pending: readonly string[] } {
  const report = verifyCms(individual, { at: AT, trust: testTrust(), policy });
  return { verdict: report.verdict, code: report.code, pending: report.signers[0]!.pending };
}

describe('the policy of an installation', () => {
  test('survives JSON, for every purpose', () => {
    for (const purpose of PURPOSES) {
      const policy = policyFor(purpose);
      expect(JSON.parse(JSON.stringify(policy))).toEqual(policy);
      expect(policy.purpose).toBe(purpose);
    }
  });

  test('is the law, changed for all purposes and then for one', () => {
    const installation = readPolicy({
      all: { requireTimeStamp: true, ocspMaxAgeMs: 60_000 },
      register: { requireRevocation: 'ocsp', allowedRoles: ['first-head', 'signer'], ocspMaxAgeMs: 1_000 },
    });
    expect(policyFor('sign', installation)).toMatchObject({
      requireTimeStamp: true,
      requireRevocation: 'ocsp-or-crl',
      ocspMaxAgeMs: 60_000,
    });
    expect(policyFor('register', installation)).toMatchObject({ requireTimeStamp: true, requireRevocation: 'ocsp', ocspMaxAgeMs: 1_000 });
    expect(policyFor('sign-in', installation).keys).toEqual(['signing', 'authentication']);
    expect(policyFor('approve').requireRevocation).toBe('none');
  });

  test('names every mistake with its place', () => {
    const bad = {
      signing: {},
      all: { requireTimestamp: true, requireRevocation: 'yes', keys: [], clockSkewMs: -1 },
      sign: { algorithms: { gost2015: null, md5: null }, timeStampPolicies: ['1.2.x'], allowedRoles: ['boss'] },
      approve: { algorithms: { rsa: '2030' }, toString: true },
      execute: 5,
    };
    const problems = (): readonly string[] => {
      try {
        readPolicy(bad);
        return [];
      } catch (error) {
        return (error as PolicyError).problems;
      }
    };
    expect(problems().map((problem) => problem.split(' ')[0])).toEqual([
      'signing',
      'all.requireTimestamp',
      'all.requireRevocation',
      'all.keys',
      'all.clockSkewMs',
      'sign.algorithms',
      'sign.timeStampPolicies',
      'sign.allowedRoles',
      'approve.algorithms',
      'approve.toString',
      'execute',
    ]);
    expect(() => readPolicy([])).toThrow(PolicyError);
    expect(() => readPolicy(null)).toThrow('must be an object');
  });
});

describe('each setting decides', () => {
  test.each([
    [{}, { verdict: 'valid', code: 'ok', pending: [] }],
    [{ requireRevocation: 'ocsp-or-crl' }, { verdict: 'indeterminate', code: 'revocation.missing', pending: ['revocation'] }],
    [{ requireRevocation: 'ocsp' }, { verdict: 'indeterminate', code: 'revocation.missing', pending: ['revocation'] }],
    [{ timeStampPolicies: ['1.2.398.3.3.2.6.4'], requireTimeStamp: true }, { verdict: 'valid' }],
    [{ timeStampPolicies: ['1.2.398.3.3.2.6.1'] }, { verdict: 'indeterminate', code: 'timestamp.policy_not_accepted' }],
    [{ algorithms: { rsa: null } }, { verdict: 'indeterminate', code: 'algorithm.no_longer_accepted' }],
    [{ algorithms: { gost2015: '2026-07-20T09:08:07Z' } }, { verdict: 'valid' }],
    [{ algorithms: { gost2015: '2026-07-20T09:08:06Z' } }, { code: 'algorithm.no_longer_accepted' }],
    [{ allowedRoles: ['individual', 'first-head'] }, { verdict: 'valid' }],
    [{ allowedRoles: ['first-head'] }, { verdict: 'invalid', code: 'role.missing', pending: [] }],
    [{ keys: ['authentication'] }, { verdict: 'valid' }], // the single GOST key serves for both
    [{ requireEss: true }, { verdict: 'valid' }],
  ] as const)('%j', (changes, expected) => {
    expect(check({ ...DOCUMENT_POLICY, ...changes })).toMatchObject(expected);
  });

  test('a signature not bound to its certificate, where that is required', () => {
    const cms = cmsFixture('kalkan-two-signers-gost2015-rsa-detached.der');
    const at = new Date('2022-09-27T21:30:00Z');
    const content = fixture('cms/kalkan-test123.txt');
    const report = verifyCms(cms, { at, content, trust: testTrust(), policy: { ...DOCUMENT_POLICY, requireEss: true } });
    expect(report.signers[0]).toMatchObject({ verdict: 'indeterminate', code: 'ess.missing', level: 'CMS' });
  });

  test('a missing time-stamp is worth getting while the certificate is valid, and not after', () => {
    const policy = { ...DOCUMENT_POLICY, requireTimeStamp: true };
    const input = { content: fixture('cms/sdk-gost2004-document.txt'), trust: testTrust(), policy };
    const cms = cmsFixture('sdk-gost2004-detached.pem');
    const at = (time: string): readonly string[] => verifyCms(cms, { ...input, at: new Date(time) }).signers[0]!.pending;
    expect(at('2019-09-01T00:00:00Z')).toEqual(['time-stamp']);
    expect(at('2024-09-01T00:00:00Z')).toEqual([]);
  });
});
