import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  addTimeStamp,
  checkOcsp,
  embedEvidence,
  makeOcspRequest,
  makeTimeStampRequest,
  parseCrl,
  parseOcspResponse,
  parseSignedData,
  policyFor,
  readTimeStampResponse,
  toPem,
  verifyCms,
  type Certificate,
} from '../../signature';
import { digest } from '../../signature/digests';
import { makeCms, writePkcs8, type Signer } from '../../signature/make';
import { goodBehaviour } from '../../scripts/simulators/nuc/behaviour';
import { Register } from '../../scripts/simulators/nuc/register';
import { answerOcsp, answerTsp, fileAt, type ServiceContext } from '../../scripts/simulators/nuc/services';
import { onlySigner } from './support/fixtures';
import { makeTestNuc } from './support/nuc';

const NOW = new Date(Math.floor(Date.now() / 1000) * 1000);
const content = Buffer.from('Құжат: проверка в обе стороны\n');
const RSA_POLICY = '1.2.398.3.3.2.6.2';
const nuc = makeTestNuc(NOW);
const { keys, trust } = nuc;
const signer = nuc.certified({ kind: 'subject', roles: ['individual'] }, 'rsa');
const revoked = nuc.certified({ kind: 'subject', roles: ['individual'] }, 'rsa');
const register = new Register(keys.issued, undefined, new Date(NOW.getTime() - 60_000));
const context: ServiceContext = { keys, register, behaviour: goodBehaviour, now: NOW };
const issuer = keys.issuers.rsa;
let directory: string;

beforeAll(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'kense-services-'));
  register.revoke(revoked.certificate.serial.toString(16), 'keyCompromise', new Date(NOW.getTime() - 3_600_000), NOW);
  pem('root.pem', keys.roots.rsa.certificate);
  pem('issuer.pem', issuer.certificate);
  pem('signer.pem', signer.certificate);
  pem('revoked.pem', revoked.certificate);
  file('chain.pem', toPem('CERTIFICATE', keys.roots.rsa.certificate.der) + toPem('CERTIFICATE', issuer.certificate.der));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function file(name: string, bytes?: Uint8Array | string): string {
  const full = path.join(directory, name);
  if (bytes !== undefined) writeFileSync(full, bytes);
  return full;
}

function pem(name: string, certificate: Certificate): string {
  return file(name, toPem('CERTIFICATE', certificate.der));
}

function keyFile(name: string, { privateKey }: Signer): string {
  return file(name, toPem('PRIVATE KEY', writePkcs8(privateKey)));
}

function openssl(...args: string[]): { status: number | null; output: string } {
  const run = spawnSync('openssl', args, { encoding: 'utf8', cwd: directory, env: { ...process.env, LC_ALL: 'C' } });
  return { status: run.status, output: `${run.stdout}${run.stderr}` };
}

describe('OpenSSL believes our services', () => {
  test.each([
    ['signer.pem', 'good'],
    ['revoked.pem', 'revoked'],
  ])('OCSP: it asks about %s and reads %s', (certificate, expected) => {
    const about = ['-sha256', '-issuer', file('issuer.pem'), '-cert', file(certificate)];
    expect(openssl('ocsp', ...about, '-reqout', file('request.der')).status).toBe(0);
    const response = answerOcsp(readFileSync(file('request.der')), context);
    file('response.der', response);
    const trusted = ['-respin', file('response.der'), '-CAfile', file('chain.pem')];
    const fresh = openssl('ocsp', '-reqin', file('request.der'), ...trusted);
    expect(fresh.output).toContain('Response verify OK');
    expect(fresh.output).not.toContain('Nonce');
    const { status, output } = openssl('ocsp', ...about, '-no_nonce', ...trusted);
    expect(output).toContain('Response verify OK');
    expect(output).toContain(`${file(certificate)}: ${expected}`);
    expect(status).toBe(0);
  });

  test('OCSP: it refuses the answer of a signer that was not delegated', () => {
    const request = makeOcspRequest({ certificate: signer.certificate, issuer: issuer.certificate });
    const response = answerOcsp(request, { ...context, behaviour: { ...goodBehaviour, ocsp: 'wrong-signer' } });
    const about = ['-issuer', file('issuer.pem'), '-cert', file('signer.pem')];
    const { output } = openssl('ocsp', ...about, '-respin', file('wrong.der', response), '-CAfile', file('chain.pem'));
    expect(output).toContain('Response Verify Failure');
  });

  test('TSP: it asks, and verifies the whole response with nonce and policy', () => {
    const data = file('data', content);
    expect(openssl('ts', '-query', '-data', data, '-sha256', '-cert', '-tspolicy', RSA_POLICY, '-out', file('query.tsq')).status).toBe(0);
    const reply = file('reply.tsr', answerTsp(readFileSync(file('query.tsq')), context));
    expect(openssl('ts', '-verify', '-queryfile', file('query.tsq'), '-in', reply, '-CAfile', file('chain.pem')).output).toContain(
      'Verification: OK',
    );
    const wrong = answerTsp(readFileSync(file('query.tsq')), { ...context, behaviour: { ...goodBehaviour, tsp: 'wrong-imprint' } });
    expect(
      openssl('ts', '-verify', '-queryfile', file('query.tsq'), '-in', file('wrong.tsr', wrong), '-CAfile', file('chain.pem')).status,
    ).not.toBe(0);
    const refused = answerTsp(readFileSync(file('query.tsq')), { ...context, behaviour: { ...goodBehaviour, tsp: 'refused' } });
    expect(openssl('ts', '-reply', '-in', file('refused.tsr', refused), '-text').output).toContain(
      'the TSA’s time source is not available'.replace('’', "'"),
    );
  });

  test('lists: complete and delta together reveal a revocation', () => {
    const base = file('base.der', fileAt('/crl/nca_rsa.crl', context));
    const delta = file('delta.der', fileAt('/crl/nca_d_rsa.crl', context));
    for (const list of [base, delta])
      expect(openssl('crl', '-inform', 'DER', '-in', list, '-CAfile', file('chain.pem'), '-noout').output).toContain('verify OK');
    const both = [base, delta].map((list) => openssl('crl', '-inform', 'DER', '-in', list).output).join('');
    const verify = (certificate: string): string =>
      openssl(
        'verify',
        '-extended_crl',
        '-use_deltas',
        '-crl_check',
        '-CAfile',
        file('chain.pem'),
        '-CRLfile',
        file('lists.pem', both),
        file(certificate),
      ).output;
    expect(verify('signer.pem')).toContain('OK');
    expect(verify('revoked.pem')).toContain('certificate revoked');
  });

  test('a CMS with time-stamp, certificates, answer and lists inside verifies as before', () => {
    const plain = makeCms({ ...signer, document: { content, attached: false }, signingTime: NOW });
    const imprint = digest('sha256', parseSignedData(plain).signers[0]!.signature);
    const order = { algorithm: 'sha256', imprint, policy: RSA_POLICY } as const;
    const result = readTimeStampResponse(answerTsp(makeTimeStampRequest(order), context), order);
    if (!result.ok) throw new Error(result.detail);
    const ocsp = [signer.certificate, keys.timeStamping.rsa.certificate].map((certificate) =>
      parseOcspResponse(answerOcsp(makeOcspRequest({ certificate, issuer: issuer.certificate }), context)),
    );
    const crls = [parseCrl(fileAt('/crl/root_rsa.crl', context)!)];
    const lt = embedEvidence(addTimeStamp(plain, result.token), {
      certificates: [issuer.certificate, keys.roots.rsa.certificate],
      ocsp,
      crls,
    });
    expect(onlySigner(verifyCms(lt, { content, at: NOW, trust, policy: policyFor('sign') }))).toMatchObject({
      verdict: 'valid',
      level: 'CAdES-LT',
    });
    const args = ['-inform', 'DER', '-in', file('lt.p7s', lt), '-content', file('data', content), '-CAfile', file('root.pem')];
    expect(openssl('cms', '-verify', '-cades', '-binary', '-purpose', 'any', ...args, '-out', file('out')).output).toContain('successful');
  });
});

describe('we believe OpenSSL', () => {
  const configuration = `
[ca]
default_ca = own
[own]
dir = .
database = index.txt
serial = serial
crlnumber = crlnumber
certificate = issuer.pem
private_key = issuer.key
default_md = sha256
default_crl_days = 30
crl_extensions = list
unique_subject = no
[list]
authorityKeyIdentifier = keyid
[tsa]
default_tsa = stamping
[stamping]
serial = tsaserial
signer_cert = tsa.pem
certs = issuer.pem
signer_key = tsa.key
signer_digest = sha256
default_policy = ${RSA_POLICY}
digests = sha256, sha512
accuracy = secs:1
ess_cert_id_alg = sha256
`;
  const utc = (at: Date): string => `${at.toISOString().replace(/[-:T]/g, '').slice(2, 14)}Z`;
  const hex = ({ certificate }: Signer): string => {
    const digits = certificate.serial.toString(16).toUpperCase();
    return digits.length % 2 ? `0${digits}` : digits;
  };

  beforeAll(() => {
    file('openssl.cnf', configuration);
    const line = (subject: Signer, mark: string, revocation: string): string =>
      [mark, utc(subject.certificate.notAfter), revocation, hex(subject), 'unknown', '/CN=X'].join('\t');
    const hourAgo = new Date(NOW.getTime() - 3_600_000);
    file('index.txt', `${line(signer, 'V', '')}\n${line(revoked, 'R', `${utc(hourAgo)},superseded`)}\n`);
    file('serial', '01\n');
    file('tsaserial', '01\n');
    file('crlnumber', '07\n');
    keyFile('issuer.key', issuer);
    keyFile('responder.key', keys.responders.rsa);
    pem('responder.pem', keys.responders.rsa.certificate);
    keyFile('tsa.key', keys.timeStamping.rsa);
    pem('tsa.pem', keys.timeStamping.rsa.certificate);
  });

  function answer(subject: Signer, ...more: string[]): Uint8Array {
    const request = makeOcspRequest({
      certificate: subject.certificate,
      issuer: issuer.certificate,
      nonce: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8),
    });
    const responder = ['-rsigner', 'responder.pem', '-rkey', 'responder.key', '-CA', 'issuer.pem', '-index', 'index.txt'];
    const args = ['ocsp', ...responder, ...more, '-reqin', file('ask.der', request), '-respout', file('said.der')];
    expect(openssl(...args)).toMatchObject({ status: 0 });
    return readFileSync(file('said.der'));
  }

  const check = (response: Uint8Array, { certificate }: Signer, nonce = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)): object =>
    checkOcsp(parseOcspResponse(response), {
      certificate,
      issuer: issuer.certificate,
      nonce,
      at: new Date(),
      maxAgeMs: 60_000,
      clockSkewMs: 5_000,
    });

  test('OCSP answers from an index: good, revoked, unknown', () => {
    expect(check(answer(signer), signer)).toMatchObject({ status: 'good' });
    expect(check(answer(revoked), revoked)).toMatchObject({ status: 'revoked', reason: 'superseded' });
    const stranger = nuc.certified({ kind: 'subject', roles: ['individual'] }, 'rsa');
    expect(check(answer(stranger), stranger)).toMatchObject({ status: 'unknown', form: 'unknown' });
  });

  test('OCSP answers with another nonce, about another certificate, by key hash, by the wrong signer', () => {
    expect(check(answer(signer), signer, Uint8Array.of(9))).toMatchObject({ fault: 'nonce-mismatch' });
    expect(check(answer(signer), revoked)).toMatchObject({ fault: 'wrong-certificate' });
    expect(check(answer(signer, '-resp_key_id'), signer)).toMatchObject({ status: 'good' });
    expect(check(answer(signer, '-ndays', '1'), signer)).toMatchObject({ status: 'good', nextUpdate: expect.any(Date) });
    expect(check(answer(signer, '-rsigner', 'tsa.pem', '-rkey', 'tsa.key'), signer)).toMatchObject({ fault: 'responder-not-authorised' });
    expect(check(answer(signer, '-rsigner', 'issuer.pem', '-rkey', 'issuer.key'), signer)).toMatchObject({ status: 'good' });
  });

  test('time-stamps', () => {
    const plain = makeCms({ ...signer, document: { content, attached: true }, signingTime: NOW });
    const imprint = digest('sha256', parseSignedData(plain).signers[0]!.signature);
    const order = { algorithm: 'sha256', imprint, nonce: 0xabcdef0123456789n, policy: RSA_POLICY } as const;
    const query = file('ours.tsq', makeTimeStampRequest(order));
    expect(openssl('ts', '-reply', '-config', file('openssl.cnf'), '-queryfile', query, '-out', file('theirs.tsr'))).toMatchObject({
      status: 0,
    });
    const result = readTimeStampResponse(readFileSync(file('theirs.tsr')), order);
    expect(result).toMatchObject({ ok: true, info: { policy: RSA_POLICY } });
    const cms = addTimeStamp(plain, result.ok ? result.token : new Uint8Array());
    const policy = { ...policyFor('sign'), requireRevocation: 'none' as const, requireTimeStamp: true };
    expect(onlySigner(verifyCms(cms, { at: new Date(), trust, policy }))).toMatchObject({
      verdict: 'valid',
      level: 'CAdES-T',
      bestTimeSource: 'time-stamp',
    });
    expect(readTimeStampResponse(readFileSync(file('theirs.tsr')), { ...order, nonce: 1n })).toMatchObject({
      ok: false,
      code: 'nonce-mismatch',
    });
    const strange = file('strange.tsq', makeTimeStampRequest({ algorithm: 'sha1', imprint: digest('sha1', content) }));
    openssl('ts', '-reply', '-config', file('openssl.cnf'), '-queryfile', strange, '-out', file('refusal.tsr'));
    expect(readTimeStampResponse(readFileSync(file('refusal.tsr')), { algorithm: 'sha1', imprint: digest('sha1', content) })).toMatchObject(
      {
        code: 'refused',
        detail: expect.stringContaining('bad-algorithm'),
      },
    );
  });

  test('lists', () => {
    expect(openssl('ca', '-gencrl', '-config', file('openssl.cnf'), '-out', file('theirs.crl'))).toMatchObject({ status: 0 });
    const der = openssl('crl', '-in', file('theirs.crl'), '-outform', 'DER', '-out', file('theirs.crl.der'));
    expect(der.status).toBe(0);
    const crls = [parseCrl(readFileSync(file('theirs.crl.der')))];
    const verdictOf = (subject: Signer): object => {
      const cms = makeCms({ ...subject, document: { content, attached: true }, signingTime: NOW });
      return verifyCms(cms, { at: new Date(), trust, policy: policyFor('sign'), crls });
    };
    expect(verdictOf(signer)).toMatchObject({ verdict: 'valid' });
    expect(verdictOf(revoked)).toMatchObject({ verdict: 'invalid', code: 'certificate.revoked' });
  });
});
