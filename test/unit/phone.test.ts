import { localIso } from '../../domain/phone/expiry';
import { codeText, deepLink, defaultTemplates, offerUrlIn } from '../../domain/phone/links';
import { phoneProblem } from '../../domain/phone/offered';
import {
  codeLifeMs,
  decidePhone,
  entryLifeMs,
  isFinal,
  lifeOf,
  maxSessionBytes,
  maxSessionItems,
  type PhoneEvent,
  type PhoneFacts,
  type PhoneState,
  phoneStates,
  signingLifeMs,
  stageOf,
} from '../../domain/phone/session';
import { readConfig } from '../../services/config';
import { checkPhone, describeChecks, isInside } from '../../services/phone/preflight';
import { sideDoor } from '../../services/phone/side-door';

const now = Date.parse('2026-11-20T05:00:00Z');
const facts = (state: PhoneState, more: Partial<PhoneFacts> = {}): PhoneFacts => ({
  state,
  expiresAt: now + 60_000,
  codeExpiresAt: now + 30_000,
  checkingAt: state === 'checking' ? now : null,
  ...more,
});

const events: Record<string, PhoneEvent> = {
  code: { kind: 'offer', by: 'code' },
  link: { kind: 'offer', by: 'link' },
  give: { kind: 'give' },
  receive: { kind: 'receive' },
  accept: { kind: 'accept' },
  refuse: { kind: 'refuse' },
  'give-back': { kind: 'give-back' },
  'new-code': { kind: 'new-code' },
  expire: { kind: 'expire' },
};

/** The next state, with `=` when nothing changes; a refusal without its prefix. */
const said = (session: PhoneFacts, event: PhoneEvent): string => {
  const decision = decidePhone(session, event, now);
  return decision.ok ? `${decision.again ? '=' : ''}${decision.next}` : decision.code.replace('phone.', '!');
};

describe('every state and every event', () => {
  const order = ['code', 'link', 'give', 'receive', 'accept', 'refuse', 'give-back', 'new-code', 'expire'];
  const table: Record<PhoneState, string[]> = {
    created: ['fetched', 'fetched', 'given', '!not_given', '!not_given', '!not_given', '!not_given', 'created', '!too_soon'],
    fetched: ['=fetched', '=fetched', 'given', '!not_given', '!not_given', '!not_given', '!not_given', '!busy', '!too_soon'],
    given: ['=given', '=given', '=given', 'checking', '!not_given', '!not_given', '=given', '!busy', '!too_soon'],
    checking: ['=checking', '=checking', '=checking', '!busy', 'signed', 'refused', 'given', '!busy', '!busy'],
    signed: [
      '!already_signed',
      '!already_signed',
      '!already_signed',
      '=signed',
      '=signed',
      '!not_given',
      '!not_given',
      '!already_signed',
      '=signed',
    ],
    refused: [
      '!already_refused',
      '!already_refused',
      '!already_refused',
      '!already_refused',
      '!not_given',
      '=refused',
      '!not_given',
      '!already_refused',
      '=refused',
    ],
    expired: ['!expired', '!expired', '!expired', '!expired', '!not_given', '!not_given', '!not_given', '!expired', '=expired'],
  };
  test.each(phoneStates)('%s', (state) => {
    expect(order.map((name) => said(facts(state), events[name]!))).toEqual(table[state]);
  });

  test.each(['created', 'fetched', 'given'] as const)('%s after its time', (state) => {
    const late = facts(state, { expiresAt: now });
    expect(order.slice(0, 4).map((name) => said(late, events[name]!))).toEqual(['!expired', '!expired', '!expired', '!expired']);
    expect([said(late, events['new-code']!), said(late, events.expire!)]).toEqual(['!expired', 'expired']);
    expect(stageOf(late, now)).toBe('expired');
  });

  test('signatures that arrived in time are still accepted after it', () => {
    const late = facts('checking', { expiresAt: now - 1 });
    expect([said(late, events.accept!), said(late, events.expire!), stageOf(late, now)]).toEqual(['signed', '!busy', 'checking']);
  });

  test('a code nobody used in its time is dead; one that was used goes on; the link does not mind', () => {
    const over = { codeExpiresAt: now - 30_000 };
    expect(said(facts('created', over), events.code!)).toBe('!code_over');
    expect(said(facts('created', { codeExpiresAt: now - 5_000 }), events.code!)).toBe('fetched'); // seen at the last second
    expect(said(facts('created', over), events.link!)).toBe('fetched');
    expect(said(facts('fetched', over), events.code!)).toBe('=fetched');
    expect([stageOf(facts('created', over), now), stageOf(facts('fetched', over), now)]).toEqual(['code-over', 'fetched']);
  });

  test('the final states', () => {
    expect(phoneStates.filter(isFinal)).toEqual(['signed', 'refused', 'expired']);
  });
});

test('two minutes for a code, ten to enter, thirty to sign', () => {
  expect([codeLifeMs, entryLifeMs, signingLifeMs].map((ms) => ms / 60_000)).toEqual([2, 10, 30]);
  expect([lifeOf('sign'), lifeOf('sign-in'), lifeOf('confirm')]).toEqual([signingLifeMs, entryLifeMs, entryLifeMs]);
});

test('what may go to a phone', () => {
  const contract = { kind: 'contract', sizeBytes: 1_000 } as const;
  expect(phoneProblem([contract, contract])).toBeNull();
  expect(phoneProblem([contract, { kind: 'letter', sizeBytes: 1 }])).toBe('phone.not_for_letters');
  expect(phoneProblem([{ ...contract, sizeBytes: maxSessionBytes }])).toBeNull();
  expect(phoneProblem([{ ...contract, sizeBytes: maxSessionBytes }, contract])).toBe('phone.too_big');
  expect(phoneProblem(Array.from({ length: maxSessionItems + 1 }, () => contract))).toBe('phone.too_many');
});

test('the code, the links, and reading them back', () => {
  const url = 'https://sign.example.kz/egov/api1/abc-_';
  expect(codeText(url)).toBe(`mobileSign:${url}`);
  const mobile = deepLink(defaultTemplates.mobile, url);
  expect(mobile).toBe(
    'https://m.egov.kz/mobileSign/?link=https%3A%2F%2Fsign.example.kz%2Fegov%2Fapi1%2Fabc-_&isi=1476128386&ibi=kz.egov.mobile&apn=kz.mobile.mgov',
  );
  expect(deepLink(defaultTemplates.business, url)).toContain('kz.mobile.mgov.business');
  for (const text of [codeText(url), ` mobilesign:${url}\n`, mobile, url]) expect(offerUrlIn(text)).toBe(url);
  for (const text of ['', 'mobileSign:', 'javascript:alert(1)', 'https://a.kz/?link=javascript:x', 'https://a.kz/?link=%zz', 'a b'])
    expect(offerUrlIn(text)).toBeNull();
});

test('an instant of API No. 1 has milliseconds and the offset of Kazakhstan', () => {
  expect(localIso(Date.parse('2026-01-31T11:21:37.060Z'))).toBe('2026-01-31T16:21:37.060+05:00');
});

test('a side door has room for so many', () => {
  const door = sideDoor(2);
  const [first, second] = [door(), door()];
  expect(door()).toBeNull();
  first?.();
  first?.();
  expect([door(), door()].map((way) => way !== null)).toEqual([true, false]);
  second?.();
});

describe('settings', () => {
  const env = {
    KENSE_PUBLIC_URL: 'http://127.0.0.1:8080',
    KENSE_LISTEN: '127.0.0.1:8080',
    KENSE_DATABASE_URL: 'mysql://a:b@127.0.0.1/kense',
    KENSE_TEMPORAL_ADDRESS: '127.0.0.1:7233',
    KENSE_S3_ENDPOINT: 'http://127.0.0.1:9000',
    KENSE_S3_ACCESS_KEY: 'a',
    KENSE_S3_SECRET_KEY: 'b',
    KENSE_SMTP_URL: 'smtp://127.0.0.1:25',
    KENSE_MAIL_FROM: 'Kense <a@b.kz>',
    KENSE_SECRET_KEY: '4699e759a5e4d4f80a2bffcb89cad042a138f9eac241fd51653a7115a8ff8cdc',
  };
  test('both the door and its address, or neither', () => {
    expect(readConfig(env).phone).toBeNull();
    const set = readConfig({ ...env, KENSE_PHONE_LISTEN: '0.0.0.0:8090', KENSE_PHONE_URL: 'https://sign.example.kz/egov/' }).phone;
    expect(set).toMatchObject({
      url: 'https://sign.example.kz/egov',
      listen: { host: '0.0.0.0', port: 8090 },
      authType: 'Token',
      signMethod: 'CMS_SIGN_ONLY',
    });
    for (const one of [{ KENSE_PHONE_LISTEN: '0.0.0.0:8090' }, { KENSE_PHONE_URL: 'https://sign.example.kz' }])
      expect(() => readConfig({ ...env, ...one })).toThrow('both are needed');
    expect(() => readConfig({ ...env, KENSE_PHONE_LINK_MOBILE: 'https://m.egov.kz/' })).toThrow('{link}');
  });
});

describe('whether it can work', () => {
  test.each([
    ['127.0.0.1', true],
    ['10.1.2.3', true],
    ['172.31.0.1', true],
    ['172.32.0.1', false],
    ['192.168.1.1', true],
    ['100.64.0.1', true],
    ['203.0.113.7', false],
    ['::1', true],
    ['fd00::1', true],
    ['2001:db8::1', false],
  ])('%s is inside: %s', (address, inside) => {
    expect(isInside(address)).toBe(inside);
  });

  test('an address of this machine over http, where nobody listens, fails in three points and leaves one to the organisation', async () => {
    const checks = await checkPhone({
      url: 'http://127.0.0.1:1/egov',
      listen: { host: '127.0.0.1', port: 1 },
      authType: 'Token',
      signMethod: 'CMS_SIGN_ONLY',
      links: defaultTemplates,
      windowUrl: null,
    });
    expect(checks.map(({ id, result }) => `${id} ${result}`)).toEqual(['https fail', 'public fail', 'answers fail', 'registered unknown']);
    expect(describeChecks(checks)[0]).toBe('phone: NO  the address begins with https:// (http://127.0.0.1:1/egov)');
  });
});
