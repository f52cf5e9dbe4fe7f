import {
  createTrustStore,
  type Crl,
  embedEvidence,
  type OcspAnswer,
  type OcspResponse,
  parseOcspResponse,
  parseSignedData,
  type Policy,
  policyFor,
  type SignerReport,
  verifyCms,
} from '../../signature';
import { digest } from '../../signature/digests';
import {
  type CertificateProfile,
  type CertificateStatus,
  generatePrivateKey,
  issueCertificate,
  issueCrl,
  issueOcspResponse,
  type Issuer,
  makeCms,
  makeTimeStamp,
  subjectPublicKeyInfo,
} from '../../signature/make';
import { revocationFact } from '../../signature/verify/revocation';
import type { CrlReason } from '../../signature/x509/crl';

/**
 * Everything that can be said about one key, in every order: the signature, its time-stamp, the revocation, an answer the signer encloses,
 * an answer fetched by whoever checks, a complete list and a delta. Each source tells what was true when it was made. What the verdict
 * must be is worked out by `expected`, which knows nothing of how the engine works.
 */
const EVENTS = ['signature', 'stamp', 'revocation', 'enclosed', 'fetched', 'base', 'delta'] as const;
type Event = (typeof EVENTS)[number];
type Order = readonly Event[];
type Reason = 'superseded' | 'keyCompromise' | 'certificateHold';

const hourMs = 3_600_000;
const START = Date.parse('2026-06-01T00:00:00Z');
const hour = (n: number): Date => new Date(START + n * hourMs);
/** Later than every event. */
const CHECKED = hour(EVENTS.length + 1);
const content = Buffer.from('a document');

const long = { notBefore: hour(-1_000), notAfter: hour(9_000) };
function certified(name: string, profile: CertificateProfile, issuer?: Issuer): Issuer {
  const privateKey = generatePrivateKey('rsa');
  const order = { subject: { name, iin: '123456789011' }, publicKey: subjectPublicKeyInfo(privateKey), profile, ...long };
  return { privateKey, certificate: issueCertificate(order, issuer ?? { selfSigned: privateKey }) };
}

const ca = certified('TEST CA', { kind: 'ca' });
const responder = certified('RESPONDER', { kind: 'ocsp' }, ca);
const tsa = certified('TSA', { kind: 'tsa' }, ca);
const signer = certified('ТЕСТ', { kind: 'subject', roles: ['individual'] }, ca);
const trust = createTrustStore([ca.certificate]);

/** Remembers what was made: signing is the slow part. */
function once<A extends readonly unknown[], T>(make: (...args: A) => T): (...args: A) => T {
  const made = new Map<string, T>();
  return (...args) => {
    const key = JSON.stringify(args);
    if (!made.has(key)) made.set(key, make(...args));
    return made.get(key)!;
  };
}

const answer = once((at: number, revokedAt: number | null, reason: Reason): Uint8Array => {
  const status: CertificateStatus = revokedAt === null ? { status: 'good' } : { status: 'revoked', revokedAt: hour(revokedAt), reason };
  const about = { certificate: signer.certificate, issuer: ca.certificate };
  return issueOcspResponse({ answers: [{ about, status }], producedAt: hour(at) }, responder);
});

const list = once((at: number, revokedAt: number | null, reason: CrlReason, isDelta: boolean): Crl => {
  const revoked = revokedAt === null ? [] : [{ serial: signer.certificate.serial, revokedAt: hour(revokedAt), reason }];
  const dates = { thisUpdate: hour(at), nextUpdate: hour(at + 30 * 24) };
  return issueCrl({ ...dates, number: isDelta ? 6n : 5n, revoked, ...(isDelta ? { deltaBase: 5n } : {}) }, ca);
});

const signed = once((at: number, stampedAt: number | null): Uint8Array => {
  const timeStamp = (signature: Uint8Array): Uint8Array =>
    makeTimeStamp({ ...tsa, imprint: { algorithm: 'sha256', value: digest('sha256', signature) }, genTime: hour(stampedAt!) });
  const order = { ...signer, document: { content, attached: true }, signingTime: hour(at) };
  return makeCms({ ...order, ...(stampedAt === null ? {} : { timeStamp }) });
});

interface Scene {
  readonly order: Order;
  readonly reason: Reason;
}

const placeOf = ({ order }: Scene, event: Event): number | null => (order.includes(event) ? order.indexOf(event) : null);

const parsed = once((at: number, revokedAt: number | null, reason: Reason) => parseOcspResponse(answer(at, revokedAt, reason)));

/** What the sources of a scene say, each by what was true when it was made. */
function sourcesOf({ order, reason }: Scene): { enclosed: OcspResponse[]; fetched: OcspAnswer[]; crls: Crl[] } {
  const revokedAt = order.indexOf('revocation');
  const from = <T>(event: Event, make: (at: number, revokedAt: number | null) => T): T[] => {
    const when = order.indexOf(event);
    return when < 0 ? [] : [make(when, revokedAt >= 0 && revokedAt < when ? revokedAt : null)];
  };
  return {
    enclosed: from('enclosed', (when, told) => parsed(when, told, reason)),
    fetched: from('fetched', (when, told) => ({ response: parsed(when, told, reason), askedAbout: signer.certificate })),
    crls: [
      ...from('base', (when, told) => list(when, told, reason, false)),
      ...from('delta', (when, told) => list(when, told, reason, true)),
    ],
  };
}

/** The whole way: a CMS with what is enclosed, verified with what is at hand. */
function check(scene: Scene, policy: Policy, at = CHECKED): SignerReport {
  const { enclosed, fetched, crls } = sourcesOf(scene);
  const bare = signed(placeOf(scene, 'signature')!, placeOf(scene, 'stamp'));
  const cms = enclosed.length > 0 ? embedEvidence(bare, { certificates: [], crls: [], ocsp: enclosed }) : bare;
  const report = verifyCms(cms, { at, receivedAt: hour(placeOf(scene, 'signature')!), trust, policy, ocsp: fetched, crls });
  return report.signers[0]!;
}

/** The short way, for all orders: what the sources together say of the certificate. */
function fact(scene: Scene, policy: Policy, at: Date, about: Date): string {
  const { enclosed, fetched, crls } = sourcesOf(scene);
  const ocsp = [...fetched, ...enclosed.map((response): OcspAnswer => ({ response, enclosed: true }))];
  const { status } = revocationFact(signer.certificate, ca.certificate, { ocsp, crls }, { ...policy, at, about });
  return { good: 'ok', revoked: 'certificate.revoked', 'on-hold': 'certificate.on_hold' }[status as string] ?? `revocation.${status}`;
}

/** The rule, in the words of whoever has to explain a verdict. */
function expected(scene: Scene, about: number, mayBeOlder: boolean): string {
  const { order, reason } = scene;
  const at = (event: Event): number => (order.includes(event) ? order.indexOf(event) : NaN);
  const revoked = at('revocation');
  // A revocation of a compromised key counts backwards, any other from its date.
  const counts = revoked <= about || reason === 'keyCompromise';
  const sources = (['enclosed', 'fetched', 'base', 'delta'] as const).map(at);
  const isSeen = sources.some((when) => when > revoked);
  if (reason !== 'certificateHold' && counts && isSeen) return 'certificate.revoked';
  // A delta speaks of a suspension, and clears, only on top of its complete list.
  const hasList = order.includes('base');
  const speaking = [at('enclosed'), at('fetched'), ...(hasList ? [at('base'), at('delta')] : [])];
  if (reason === 'certificateHold' && revoked <= about && speaking.some((when) => when > revoked)) return 'certificate.on_hold';
  // Said after the signature existed, or by a list that was in force then.
  if (speaking.some((when) => when >= about)) return 'ok';
  if (hasList && mayBeOlder) return 'ok';
  return order.includes('enclosed') || order.includes('fetched') ? 'revocation.early' : 'revocation.missing';
}

function* orders(events: readonly Event[]): Generator<Order> {
  if (events.length === 0) yield [];
  for (const event of events) for (const rest of orders(events.filter((other) => other !== event))) yield [event, ...rest];
}

function* subsets(events: readonly Event[]): Generator<readonly Event[]> {
  const [first, ...rest] = events;
  if (first === undefined) return yield [];
  for (const subset of subsets(rest)) {
    yield subset;
    yield [first, ...subset];
  }
}

/** All orders of these events and of every part of them that has the signature. */
function* scenes(events: readonly Event[], reasons: readonly Reason[]): Generator<Scene> {
  for (const subset of subsets(events.filter((event) => event !== 'signature'))) {
    const isRevoked = subset.includes('revocation');
    for (const reason of isRevoked ? reasons : reasons.slice(0, 1)) {
      for (const order of orders(['signature', ...subset])) yield { order, reason };
    }
  }
}

const told = (scene: Scene): string => `${scene.order.join(' < ')} (${scene.reason})`;

/** Where the engine and the rule differ, the first few of them. */
function differences(all: Iterable<Scene>, found: (scene: Scene) => string, wanted: (scene: Scene) => string): string[] {
  const out: string[] = [];
  let count = 0;
  for (const scene of all) {
    count++;
    const [is, should] = [found(scene), wanted(scene)];
    if (is !== should && out.length < 10) out.push(`${told(scene)}: ${is}, not ${should}`);
  }
  expect(count).toBeGreaterThan(300);
  return out;
}

const REASONS = ['superseded', 'keyCompromise', 'certificateHold'] as const;
const SIGN = policyFor('sign');
const ENTRY = policyFor('sign-in');
const bestPlace = (scene: Scene): number => placeOf(scene, 'stamp') ?? placeOf(scene, 'signature')!;

const undecided = (code: string): string => (/^revocation\.(missing|early|stale)$/.test(code) ? 'undecided' : code);

test.each(REASONS)('in every order a document signature is judged by the rule (%s)', (reason) => {
  const wanted = (scene: Scene): string => expected(scene, bestPlace(scene), true);
  const found = (scene: Scene): string => fact(scene, SIGN, CHECKED, hour(bestPlace(scene)));
  expect(differences(scenes(EVENTS, [reason]), found, wanted)).toEqual([]);
});

test.each(REASONS)('in every order an entry is judged by what is known now (%s)', (reason) => {
  const now = EVENTS.length + 1;
  const wanted = (scene: Scene): string => undecided(expected(scene, now, true));
  expect(differences(scenes(EVENTS, [reason]), (scene) => undecided(fact(scene, ENTRY, CHECKED, CHECKED)), wanted)).toEqual([]);
});

test('days later neither an answer nor a list of then clears an entry, and a revocation still refuses it', () => {
  const late = hour(EVENTS.length + 48);
  const wanted = (scene: Scene): string => undecided(expected(scene, EVENTS.length + 48, false));
  const found = (scene: Scene): string => undecided(fact(scene, ENTRY, late, late));
  expect(differences(scenes(EVENTS, ['superseded', 'keyCompromise']), found, wanted)).toEqual([]);
});

test.each([
  ['a document signature', SIGN, bestPlace],
  ['an entry', ENTRY, () => EVENTS.length + 1],
] as const)('%s with its CMS is judged the same, wherever a source comes from', (_what, policy, about) => {
  const some = [...scenes(EVENTS, REASONS)].filter(({ order }, i) => order.length <= 3 || i % 97 === 0);
  const wanted = (scene: Scene): string => undecided(expected(scene, about(scene), true));
  expect(differences(some, (scene) => undecided(check(scene, policy).code), wanted)).toEqual([]);
});

describe('one by one', () => {
  const scene = (...order: Event[]): Scene => ({ order, reason: 'superseded' });

  test('an older answer the signer encloses does not hide a list that says revoked', () => {
    expect(check(scene('enclosed', 'revocation', 'base', 'signature'), SIGN).code).toBe('certificate.revoked');
  });

  test('an older answer that was fetched does not either', () => {
    expect(check(scene('fetched', 'revocation', 'signature', 'base'), SIGN).code).toBe('certificate.revoked');
  });

  test('an older answer leaves the question open, and worth asking again', () => {
    expect(check(scene('enclosed', 'signature'), SIGN)).toMatchObject({
      verdict: 'indeterminate',
      code: 'revocation.early',
      pending: ['revocation'],
      revocation: [{ status: 'early', source: 'ocsp' }],
    });
  });

  test('an older answer is enough for an answer of a responder when a list in force is older still', () => {
    const ocspOnly = { ...SIGN, requireRevocation: 'ocsp' as const };
    expect(check(scene('base', 'fetched', 'signature'), ocspOnly).code).toBe('ok');
    expect(check(scene('fetched', 'base', 'signature'), ocspOnly).code).toBe('revocation.missing');
    expect(check(scene('base', 'enclosed', 'signature'), ocspOnly).code).toBe('revocation.missing');
  });

  test('a key revoked between its stamp and the check opens nothing', () => {
    const stamped = scene('signature', 'stamp', 'revocation', 'fetched');
    expect([check(stamped, SIGN).code, check(stamped, ENTRY).code]).toEqual(['ok', 'certificate.revoked']);
  });
});

describe('what takes a revocation back', () => {
  const cms = signed(1, null);
  const found = (crls: Crl[], ocsp: Uint8Array[] = []): string => {
    const answers = ocsp.map((der): OcspAnswer => ({ response: parseOcspResponse(der) }));
    return verifyCms(cms, { at: CHECKED, receivedAt: hour(1), trust, policy: SIGN, crls, ocsp: answers }).signers[0]!.code;
  };
  const removal = (at: number): Crl =>
    issueCrl(
      {
        thisUpdate: hour(at),
        nextUpdate: hour(at + 24),
        number: 6n,
        deltaBase: 5n,
        revoked: [{ serial: signer.certificate.serial, revokedAt: hour(at), reason: 'removeFromCRL' }],
      },
      ca,
    );

  test('a delta that removes the entry lifts a suspension and nothing else', () => {
    expect(found([list(2, 0, 'certificateHold', false), removal(3)])).toBe('ok');
    expect(found([list(2, 0, 'superseded', false), removal(3)])).toBe('certificate.revoked');
  });

  test('a newer complete list without the entry takes nothing back', () => {
    expect(found([list(2, 0, 'superseded', false), list(4, null, 'superseded', false)])).toBe('certificate.revoked');
    expect(found([list(2, 0, 'certificateHold', false), list(4, null, 'superseded', false)])).toBe('ok');
  });

  test('a revocation in a delta counts without its complete list', () => {
    expect(found([list(2, 0, 'superseded', true)], [answer(3, null, 'superseded')])).toBe('certificate.revoked');
  });

  test('a later good answer lifts a suspension on a list, an earlier one does not', () => {
    expect(found([list(3, 0, 'certificateHold', false)], [answer(4, null, 'superseded')])).toBe('ok');
    expect(found([list(3, 0, 'certificateHold', false)], [answer(2, null, 'superseded')])).toBe('certificate.on_hold');
  });

  test('of two things one answer says about the key the worse counts', () => {
    const about = { certificate: signer.certificate, issuer: ca.certificate };
    const both = issueOcspResponse(
      {
        answers: [
          { about, status: { status: 'good' } },
          { about, status: { status: 'revoked', revokedAt: hour(0), reason: 'superseded' } },
        ],
        producedAt: hour(3),
      },
      responder,
    );
    expect(found([], [both])).toBe('certificate.revoked');
  });

  test('a revocation told in answer to another question counts', () => {
    const other = { response: parseOcspResponse(answer(3, 0, 'superseded')), askedAbout: tsa.certificate, nonce: Uint8Array.of(1, 2, 3) };
    const good = { response: parseOcspResponse(answer(4, null, 'superseded')) };
    const report = verifyCms(cms, { at: CHECKED, receivedAt: hour(1), trust, policy: SIGN, ocsp: [good, other] });
    expect(report.code).toBe('certificate.revoked');
  });
});

describe('an answer that was fetched for this check', () => {
  const cms = signed(2, null);
  const nonce = Uint8Array.of(9, 9, 9, 9, 9, 9, 9, 9);
  const answered = (producedAt: Date, askedAt: Date | undefined, thisUpdate = producedAt): string => {
    const about = { certificate: signer.certificate, issuer: ca.certificate };
    const der = issueOcspResponse({ answers: [{ about, status: { status: 'good' } }], producedAt, thisUpdate, nonce }, responder);
    const ocsp = [{ response: parseOcspResponse(der), nonce, askedAbout: signer.certificate, ...(askedAt ? { askedAt } : {}) }];
    return verifyCms(cms, { at: CHECKED, receivedAt: hour(2), trust, policy: SIGN, ocsp }).code;
  };
  const slow = new Date(hour(2).getTime() - 90_000);

  test('clears although the clock of the responder is behind ours: our nonce is in it', () => {
    expect(answered(slow, hour(2))).toBe('ok');
    expect(answered(slow, undefined)).toBe('revocation.early');
  });

  test('does not clear when it passes on something older', () => {
    expect(answered(hour(2), hour(2), hour(1))).toBe('revocation.early');
  });
});

test('the stamp is read from the table: its place is the best time', () => {
  const report = check({ order: ['signature', 'stamp', 'fetched'], reason: 'superseded' }, SIGN);
  expect(report).toMatchObject({ code: 'ok', bestTimeSource: 'time-stamp', bestTime: hour(1).toISOString().replace('.000Z', 'Z') });
  expect(parseSignedData(signed(0, 1)).signers).toHaveLength(1);
});
