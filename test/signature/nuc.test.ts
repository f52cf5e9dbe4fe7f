import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import {
  addTimeStamp,
  checkOcsp,
  createTrustStore,
  evidenceNeeds,
  makeOcspRequest,
  makeTimeStampRequest,
  parseCertificate,
  parseCrl,
  parseOcspResponse,
  policyFor,
  productionTrust,
  readCertificates,
  readTimeStampResponse,
  verifyCms,
  type Crl,
  type OcspAnswer,
  type OcspOutcome,
  type SignerReport,
  type TimeStampResult,
  type TrustStore,
} from '../../signature';
import { digest } from '../../signature/digests';
import { makeCms } from '../../signature/make';
import { demoOrganisations } from '../../scripts/demo-data';
import { ensureAuthority } from '../../scripts/simulators/authority';
import { type DemoKey, openKeyring, type KeyringFile } from '../../scripts/simulators/keyring';
import { startNuc, type Nuc } from '../../scripts/simulators/nuc';
import { onlySigner } from './support/fixtures';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'kense-nuc-'));
const policy = policyFor('sign');
const content = Buffer.from('Құжат');
const nonce = Uint8Array.from({ length: 16 }, (_, i) => i + 1);
let nuc: Nuc;
let trust: TrustStore;
let keys: Map<string, DemoKey>;

beforeAll(async () => {
  // As the launcher does: the address first, then certificates that name it.
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const people = demoOrganisations.map((organisation) => ({
    ...organisation,
    people: organisation.people.filter(({ login }) => ['aidar.nurlanov', 'timur.ospanov'].includes(login)),
  }));
  const files = ensureAuthority(folder, people, new Date(), url);
  const certificates = readCertificates(fs.readFileSync(files.trust));
  trust = createTrustStore(certificates.slice(0, 2), certificates.slice(2));
  const keyring = openKeyring(JSON.parse(fs.readFileSync(files.keyring, 'utf8')) as KeyringFile);
  keys = new Map(keyring.keys.map((key) => [key.id, key]));
  nuc = await startNuc({ source: { dir: folder }, port });
});
afterEach(() => nuc.behave({ ocsp: 'good', tsp: 'good', crl: 'good', clockOffsetMs: 0, lateMs: 20_000 }));
afterAll(async () => {
  await nuc.stop();
  fs.rmSync(folder, { recursive: true, force: true });
});

function freePort(): Promise<number> {
  const server = net.createServer();
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as net.AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

const key = (id: string): DemoKey => keys.get(id)!;

async function post(url: string, body: Uint8Array, type: string): Promise<Uint8Array> {
  const response = await fetch(url, { method: 'POST', body: Buffer.from(body), headers: { 'Content-Type': type } });
  expect(response.status).toBe(200);
  return new Uint8Array(await response.arrayBuffer());
}

/** Asks about a key by the address in its certificate, the issuer by the address there. */
async function ask({ certificate }: DemoKey): Promise<OcspAnswer & { outcome: OcspOutcome }> {
  const issuer = parseCertificate(new Uint8Array(await (await fetch(certificate.issuerUrls[0]!)).arrayBuffer()));
  const request = makeOcspRequest({ certificate, issuer, nonce });
  const response = parseOcspResponse(await post(certificate.ocspUrls[0]!, request, 'application/ocsp-request'));
  const outcome = checkOcsp(response, { certificate, issuer, nonce, at: new Date(), maxAgeMs: policy.ocspMaxAgeMs, clockSkewMs: 5_000 });
  return { response, nonce, askedAbout: certificate, outcome };
}

async function lists({ certificate }: DemoKey): Promise<Crl[]> {
  const urls = [...certificate.crlUrls, ...certificate.deltaCrlUrls];
  return Promise.all(urls.map(async (url) => parseCrl(new Uint8Array(await (await fetch(url)).arrayBuffer()))));
}

/** Answers are asked for after this. */
const RECEIVED = new Date();

function check(signer: DemoKey, ocsp: readonly OcspAnswer[], crls: readonly Crl[] = []): SignerReport {
  const at = new Date();
  const cms = makeCms({ ...signer, document: { content, attached: true }, signingTime: at });
  return onlySigner(verifyCms(cms, { at, receivedAt: RECEIVED, trust, policy, ocsp, crls }));
}

describe.each(['aidar.nurlanov-organisation', 'aidar.nurlanov-rsa'])('asked about %s', (id) => {
  test('answers good, and the signature is valid', async () => {
    const answer = await ask(key(id));
    expect(answer.outcome).toMatchObject({ status: 'good', responder: { person: { name: 'KENSE DEMO OCSP RESPONDER' } } });
    expect(check(key(id), [answer])).toMatchObject({ verdict: 'valid', pending: [] });
  });

  test.each([
    ['wrong-nonce', { status: 'unusable', fault: 'nonce-mismatch' }],
    ['wrong-certificate', { status: 'unusable', fault: 'wrong-certificate' }],
    ['wrong-signer', { status: 'unusable', fault: 'responder-not-authorised' }],
  ] as const)('%s is a failure that no list hides and that is asked again', async (behaviour, expected) => {
    nuc.behave({ ocsp: behaviour });
    const answer = await ask(key(id));
    expect(answer.outcome).toMatchObject(expected);
    const report = check(key(id), [answer], await lists(key(id)));
    expect(report).toMatchObject({ verdict: 'indeterminate', code: 'revocation.untrusted', pending: ['revocation'] });
    expect(report.revocation[0]).toMatchObject({ status: 'untrusted', fault: expected.fault });
  });

  test('try-later is no answer: the lists serve instead', async () => {
    nuc.behave({ ocsp: 'try-later' });
    const answer = await ask(key(id));
    expect(answer.outcome).toEqual({ status: 'unusable', fault: 'error-status', detail: 'try-later' });
    expect(check(key(id), [answer])).toMatchObject({ code: 'revocation.missing', pending: ['revocation'] });
    const byList = check(key(id), [answer], await lists(key(id)));
    expect(byList).toMatchObject({ verdict: 'valid', revocation: [{ status: 'good', source: 'crl' }, {}] });
  });

  test('revoked is final, unknown as "revoked in 1970" is told apart', async () => {
    nuc.behave({ ocsp: 'revoked' });
    expect(check(key(id), [await ask(key(id))])).toMatchObject({ verdict: 'invalid', code: 'certificate.revoked', pending: [] });
    nuc.behave({ ocsp: 'unknown-1970' });
    expect(check(key(id), [await ask(key(id))])).toMatchObject({ verdict: 'indeterminate', code: 'revocation.unknown', pending: [] });
  });

  test('without nextUpdate the answer serves a day by policy', async () => {
    nuc.behave({ ocsp: 'no-next-update' });
    const { response, outcome } = await ask(key(id));
    expect(outcome).toMatchObject({ status: 'good', nextUpdate: undefined });
    const { certificate } = key(id);
    const issuer = trust.intermediates.find((c) => Buffer.compare(c.subject.der, certificate.issuer.der) === 0)!;
    const order = { certificate, issuer, maxAgeMs: policy.ocspMaxAgeMs, clockSkewMs: 5_000 };
    expect(checkOcsp(response, { ...order, at: new Date(Date.now() + 23 * 3_600_000) }).status).toBe('good');
    expect(checkOcsp(response, { ...order, at: new Date(Date.now() + 25 * 3_600_000) })).toMatchObject({ fault: 'too-old' });
  });

  test.each([365, -365])('with its clock off by %s days nothing is believed', async (days) => {
    nuc.behave({ clockOffsetMs: days * 86_400_000 });
    const answer = await ask(key(id));
    expect(answer.outcome).toMatchObject({ status: 'unusable' });
    expect(check(key(id), [answer]).verdict).toBe('indeterminate');
  });
});

test('a person’s revoked key is revoked by answer and by list alike', async () => {
  const revoked = key('timur.ospanov-revoked');
  const answer = await ask(revoked);
  expect(answer.outcome).toMatchObject({ status: 'revoked', reason: 'superseded' });
  expect(check(revoked, [answer]).code).toBe('certificate.revoked');
  expect(check(revoked, [], await lists(revoked))).toMatchObject({ code: 'certificate.revoked', revocation: [{ source: 'crl' }, {}] });
  expect((await ask(key('timur.ospanov-organisation'))).outcome.status).toBe('good');
});

test('a suspension is entered, shown by answer and delta list, and lifted', async () => {
  const signer = key('aidar.nurlanov-personal');
  const serial = signer.certificate.serial.toString(16);
  const tell = (what: string, body: object): Promise<Response> =>
    fetch(`${nuc.url}/${what}`, { method: 'POST', body: JSON.stringify(body) });
  const hourAgo = new Date(Date.now() - 3_600_000).toISOString();
  expect((await tell('revoke', { serial, reason: 'certificateHold', at: hourAgo })).status).toBe(200);
  expect(check(signer, [await ask(signer)])).toMatchObject({ code: 'certificate.on_hold', pending: ['revocation'] });
  expect(check(signer, [], await lists(signer)).code).toBe('certificate.on_hold');
  expect((await tell('lift', { serial })).status).toBe(200);
  expect(check(signer, [await ask(signer)]).verdict).toBe('valid');
  expect(check(signer, [], await lists(signer)).verdict).toBe('valid');
  expect((await tell('lift', { serial })).status).toBe(400);
  expect((await tell('revoke', { serial: 'abc', reason: 'keyCompromise' })).status).toBe(400);
});

test('stale lists settle nothing', async () => {
  nuc.behave({ crl: 'stale' });
  const signer = key('aidar.nurlanov-organisation');
  expect(check(signer, [], await lists(signer))).toMatchObject({ code: 'revocation.stale', pending: ['revocation'] });
});

test('the same question by GET', async () => {
  const { certificate } = key('aidar.nurlanov-rsa');
  const issuer = trust.intermediates.find((c) => Buffer.compare(c.subject.der, certificate.issuer.der) === 0)!;
  const request = Buffer.from(makeOcspRequest({ certificate, issuer })).toString('base64');
  const response = await fetch(`${nuc.url}/ocsp/${encodeURIComponent(request)}`);
  expect(parseOcspResponse(new Uint8Array(await response.arrayBuffer())).basic!.responses[0]!.status).toBe('good');
});

test('down means that the connection breaks; late means late', async () => {
  nuc.behave({ ocsp: 'down', tsp: 'down', crl: 'down' });
  await expect(ask(key('aidar.nurlanov-rsa'))).rejects.toThrow('fetch failed');
  await expect(stamp()).rejects.toThrow('fetch failed');
  await expect(lists(key('aidar.nurlanov-rsa'))).rejects.toThrow('fetch failed');
  nuc.behave({ ocsp: 'late', lateMs: 300 });
  const began = Date.now();
  expect((await ask(key('aidar.nurlanov-rsa'))).outcome.status).toBe('good');
  expect(Date.now() - began).toBeGreaterThanOrEqual(295);
});

async function stamp(octets: Uint8Array = content, policyOid?: string): Promise<TimeStampResult> {
  const order = { algorithm: 'sha256' as const, imprint: digest('sha256', octets), nonce: 0x1234567890n, policy: policyOid };
  return readTimeStampResponse(await post(`${nuc.url}/tsp`, makeTimeStampRequest(order), 'application/timestamp-query'), order);
}

describe('time-stamps', () => {
  async function stamped(id: string, policyOid: string): Promise<SignerReport> {
    const at = new Date();
    const order = { ...key(id), document: { content, attached: true }, signingTime: at };
    const plain = makeCms(order);
    const { timeStamps } = evidenceNeeds(plain, { at, trust, policy });
    const result = await stamp(timeStamps[0]!.octets, policyOid);
    if (!result.ok) throw new Error(result.code);
    return onlySigner(
      verifyCms(addTimeStamp(plain, result.token), {
        at: new Date(),
        trust,
        policy: { ...policy, requireTimeStamp: true, requireRevocation: 'none' },
      }),
    );
  }

  test.each([
    ['aidar.nurlanov-organisation', '1.2.398.3.3.2.6.4'],
    ['aidar.nurlanov-rsa', '1.2.398.3.3.2.6.2'],
  ])('stamp the signature of %s under policy %s', async (id, policyOid) => {
    expect(await stamped(id, policyOid)).toMatchObject({ verdict: 'valid', level: 'CAdES-T', timeStamp: { policy: policyOid } });
  });

  test('are refused with the reason, and not taken when they answer another request', async () => {
    nuc.behave({ tsp: 'refused' });
    expect(await stamp()).toEqual({
      ok: false,
      code: 'refused',
      detail: 'rejection, time-not-available, The source of time is not available',
    });
    nuc.behave({ tsp: 'wrong-imprint' });
    expect(await stamp()).toMatchObject({ ok: false, code: 'imprint-mismatch' });
    nuc.behave({ tsp: 'good' });
    expect(await stamp(content, '1.2.3.4')).toMatchObject({
      ok: false,
      code: 'refused',
      detail: expect.stringContaining('unaccepted-policy'),
    });
  });

  test('by a certificate of another purpose prove nothing', async () => {
    nuc.behave({ tsp: 'wrong-purpose' });
    expect(await stamped('aidar.nurlanov-organisation', '1.2.398.3.3.2.6.4')).toMatchObject({
      verdict: 'invalid',
      code: 'timestamp.not_a_tsa',
    });
  });

  test('by a clock a year ahead or behind prove nothing', async () => {
    nuc.behave({ clockOffsetMs: 365 * 86_400_000 });
    expect(await stamped('aidar.nurlanov-organisation', '1.2.398.3.3.2.6.4')).toMatchObject({
      verdict: 'indeterminate',
      code: 'timestamp.in_future',
    });
    nuc.behave({ clockOffsetMs: -2 * 365 * 86_400_000 });
    expect(await stamped('aidar.nurlanov-organisation', '1.2.398.3.3.2.6.4')).toMatchObject({
      verdict: 'invalid',
      code: 'timestamp.certificate_not_valid',
    });
  });
});

test('its state is a page and JSON; unknown behaviour and other sites are turned away', async () => {
  const page = await (await fetch(`${nuc.url}/`)).text();
  expect(page).toContain('timur.ospanov-revoked');
  const put = (body: string, headers = {}): Promise<Response> => fetch(`${nuc.url}/behaviour`, { method: 'PUT', body, headers });
  expect(await (await put('{"ocsp":"late"}')).json()).toMatchObject({ ocsp: 'late', tsp: 'good' });
  expect((await put('{"ocsp":"sometimes"}')).status).toBe(400);
  expect((await put('{"ocsp":"down"}', { Origin: 'https://evil.example' })).status).toBe(403);
  const state = (await (await fetch(`${nuc.url}/state`)).json()) as {
    behaviour: { ocsp: string };
    certificates: { id: string; revoked: unknown }[];
  };
  expect(state.behaviour.ocsp).toBe('late');
  expect(state.certificates.find(({ id }) => id === 'timur.ospanov-revoked')!.revoked).toMatchObject({ reason: 'superseded' });
  await fetch(`${nuc.url}/behaviour`, { method: 'DELETE' });
});

test('production does not trust it', async () => {
  const signer = key('aidar.nurlanov-organisation');
  const cms = makeCms({ ...signer, document: { content, attached: true }, signingTime: new Date() });
  const report = verifyCms(cms, { at: new Date(), trust: productionTrust(), policy, ocsp: [await ask(signer)] });
  expect(report).toMatchObject({ verdict: 'indeterminate', code: 'chain.not_trusted' });
});

test('keys stay the same at the same address, and are certified anew at another', () => {
  const people = demoOrganisations.slice(0, 1).map((organisation) => ({ ...organisation, people: organisation.people.slice(0, 1) }));
  const serialOf = (url: string): string => {
    const files = ensureAuthority(folder, people, new Date(), url);
    return openKeyring(JSON.parse(fs.readFileSync(files.keyring, 'utf8')) as KeyringFile).keys[0]!.certificate.serial.toString(16);
  };
  const first = serialOf(nuc.url);
  expect(serialOf(nuc.url)).toBe(first);
  expect(serialOf('http://127.0.0.1:1')).not.toBe(first);
});
