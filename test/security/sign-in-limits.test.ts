import { select } from '../../storage/sql';
import { installation } from '../../storage/queries/settings';
import { password, TestApplication } from '../support/application';
import type { Browser } from '../support/browser';
import { challengeOf, keyOf, signedText, signInByKey } from '../support/keys';

// Guessing is bounded, whatever the spelling and however many at once; and nobody is locked out by others who guess.

let app: TestApplication;
const attempts = 5;

beforeAll(async () => {
  app = await TestApplication.start({ worker: false, env: { KENSE_SIGN_IN_ATTEMPTS: String(attempts), KENSE_TRUST_PROXY: 'loopback' } });
});
afterAll(() => app.stop());

const from = (address: string) => ({ headers: { 'X-Forwarded-For': address } });
const attempt = async (login: string, secret: string, address: string, browser: Browser = app.visitor()) => {
  await browser.get('/sign-in', from(address));
  return (await browser.post('/sign-in', { login, password: secret }, from(address))).status;
};

test('spellings that a database may take for one login are counted as one and open nothing', async () => {
  const spellings = [
    'ours.clerk',
    'OURS.CLERK',
    'ours.clérk',
    'ｏｕｒｓ.ｃｌｅｒｋ',
    'ours.\0clerk',
    'ours.cl\u200Berk',
    'ours.clerk\u0301',
  ];
  const answers = [];
  for (const login of spellings) answers.push(await attempt(login, 'wrong-guess', '10.1.0.1'));
  expect(answers.slice(attempts).every((status) => status === 429)).toBe(true);
  for (const login of ['ours.clérk', 'ours.\0clerk', 'ours.cl\u200Berk']) expect(await attempt(login, password, '10.1.0.2')).toBe(422);
});

test('eighty guesses at once are no more than as many in a row', async () => {
  const browsers = await Promise.all(
    Array.from({ length: 20 }, async () => {
      const browser = app.visitor();
      await browser.get('/sign-in', from('10.2.0.1'));
      return browser;
    }),
  );
  const statuses = await Promise.all(
    Array.from({ length: 80 }, async (_, i) => {
      const answer = await browsers[i % 20]!.post('/sign-in', { login: 'ours.deputy', password: `guess-${i}` }, from('10.2.0.1'));
      return answer.status;
    }),
  );
  expect(statuses.filter((status) => status === 422).length).toBeLessThanOrEqual(attempts);
});

test('wrong passwords from elsewhere do not lock the owner out', async () => {
  for (let i = 0; i < attempts + 2; i++) await attempt('ours.owner', 'wrong-guess', '10.3.0.66');
  expect(await attempt('ours.owner', password, '10.3.0.66')).toBe(429);
  expect(await attempt('ours.owner', password, '10.3.0.1')).toBe(303);
});

test('a browser that has let a person in before stays open to them, behind one address and in the middle of an attack', async () => {
  const known = app.visitor();
  expect(await attempt('ours.head', password, '10.4.0.1', known)).toBe(303);
  await known.post('/sign-out', {}, from('10.4.0.1'));
  for (let i = 0; i < attempts * 8; i++) await attempt('ours.head', 'wrong-guess', `10.4.1.${i}`);
  for (let i = 0; i < attempts + 1; i++) await attempt('ours.head', 'wrong-guess', '10.4.0.1');
  expect(await attempt('ours.head', password, '10.4.0.1')).toBe(429);
  expect(await attempt('ours.head', password, '10.4.0.1', known)).toBe(303);
});

test('junk instead of signatures does not close the sign-in by key for an address', async () => {
  for (let i = 0; i < attempts * 12; i++) {
    const browser = app.visitor();
    const { id } = challengeOf(await browser.get('/sign-in/eds', from('10.5.0.1')));
    const answer = await browser.post(
      '/sign-in/eds',
      { challenge: id, cms: Buffer.from(`junk ${i}`).toString('base64') },
      from('10.5.0.1'),
    );
    expect(answer.status).toBe(422);
  }
});

test('wrong signatures from one address slow that address down, and close the sign-in by key for nobody', async () => {
  const wrong = async (address: string): Promise<number> => {
    const browser = app.visitor();
    const { id } = challengeOf(await browser.get('/sign-in/eds', from(address)));
    const cms = signedText(keyOf(app, app.ours.people.user), Buffer.from('not the text that was given'));
    return (await browser.post('/sign-in/eds', { challenge: id, cms }, from(address))).status;
  };
  // More than any limit of a login allows in all, from many addresses: attempts of different people are no attempts on one thing.
  for (let i = 0; i < attempts * 6; i++) expect(await wrong(`10.7.0.${i}`)).toBe(422);
  for (let i = 0; i < attempts * 2; i++) expect(await wrong('10.7.1.1')).toBe(422);
  const entered = await signInByKey(app.visitor(), keyOf(app, app.ours.people.user), from('10.7.1.1'));
  expect(entered.status).toBe(303);
});

test('many who sign in by key at the same moment do not slow one another down', async () => {
  const browsers = await Promise.all(
    Array.from({ length: attempts * 6 }, async () => {
      const browser = app.visitor();
      return { browser, ...challengeOf(await browser.get('/sign-in/eds', from('10.8.0.1'))) };
    }),
  );
  const key = keyOf(app, app.ours.people.user);
  const statuses = await Promise.all(
    browsers.map(
      async ({ browser, id, text }) =>
        (await browser.post('/sign-in/eds', { challenge: id, cms: signedText(key, text) }, from('10.8.0.1'))).status,
    ),
  );
  expect(new Set(statuses)).toEqual(new Set([303]));
});

test('what is no signature at all fills no log', async () => {
  const rows = () => select<{ n: number }>(app.deps.db, "SELECT COUNT(*) AS n FROM audit WHERE action = 'person.sign_in_refused'");
  const before = await rows();
  const browser = app.visitor();
  const { id } = challengeOf(await browser.get('/sign-in/eds', from('10.9.0.1')));
  await browser.post('/sign-in/eds', { challenge: id, cms: Buffer.from('junk').toString('base64') }, from('10.9.0.1'));
  expect(await rows()).toEqual(before);
});

test('refused sign-ins are written down with login and address: of an account in its organisation, of nobody in the installation', async () => {
  await attempt('ours.lawyer', 'wrong-guess', '10.6.0.1');
  await attempt('nobody.here', 'wrong-guess', '10.6.0.2');
  const rows = await select<{ organisation: string; details: string }>(
    app.deps.db,
    "SELECT organisation_id AS organisation, details FROM audit WHERE action = 'person.sign_in_refused' AND (details LIKE '%10.6.0.1%' OR details LIKE '%10.6.0.2%') ORDER BY details DESC",
  );
  expect(rows.map((row) => row.organisation).sort()).toEqual([installation, app.ours.id].sort());
  expect(rows.map((row) => (JSON.parse(row.details) as { login: string }).login).sort()).toEqual(['nobody.here', 'ours.lawyer']);
});
