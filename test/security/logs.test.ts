import { Writable } from 'node:stream';
import { openLog } from '../../services/log';
import { TestApplication } from '../support/application';
import type { Browser } from '../support/browser';
import { execute } from '../../storage/sql';

let app: TestApplication;
let log = '';

beforeAll(async () => {
  const to = new Writable({ write: (chunk: Buffer, _encoding, done) => ((log += chunk.toString()), done()) });
  app = await TestApplication.start({ worker: false, phone: false, deps: () => ({ log: openLog({ logLevel: 'debug' }, 'web', to) }) });
});
afterAll(() => app.stop());
beforeEach(() => (log = ''));

const notNumbers = ['NaN', '1e999', '-1', '1.5', "1' OR '1'='1", '99999999999999999999', '0x1f', '[]'];

/** Every place where a number comes from an address or a form. */
function asks(owner: Browser, clerk: Browser, id: string): [string, (number: string) => Promise<{ status: number }>][] {
  const get = (path: string) => (number: string) => clerk.get(path.replace('#', encodeURIComponent(number)));
  return [
    ['rev of a role', (rev) => owner.post(`/settings/people/${app.ours.people.user.id}/role`, { role: 'employee', rev })],
    [
      'rev of a draft',
      async (rev) => {
        const page = await clerk.get(`/documents/${id}/edit`);
        return clerk.post(`/documents/${id}/edit`, { ...page.fields(`/documents/${id}/edit`), rev, do: 'save' });
      },
    ],
    ['stage of suggestions', get('/people/suggest?stage=#&q=a')],
    ['row of a history', get(`/documents/${id}/history?after=#`)],
    ['attempt of a document', get(`/documents/${id}/head?attempt=#`)],
    ['rev of a route', get(`/documents/${id}/route?rev=#`)],
  ];
}

test('a number that is none is the sender’s mistake: a plain refusal, nothing failed, nothing of it in the log', async () => {
  const [owner, clerk] = [await app.signedIn(app.ours.people.owner), await app.signedIn(app.ours.people.clerk)];
  const id = await app.draft(clerk);
  for (const [what, ask] of asks(owner, clerk, id)) {
    for (const number of notNumbers) {
      const { status } = await ask(number);
      expect([what, number, status >= 400 && status < 500]).toEqual([what, number, true]);
    }
  }
  expect(log).not.toMatch(/request failed|Sequelize|"sql"/);
});

test('a query that fails leaves neither its statement nor its values in the log', async () => {
  const owner = await app.signedIn(app.ours.people.owner);
  await execute(app.deps.db, 'ALTER TABLE accounts RENAME COLUMN password_hash TO password_hash_away');
  try {
    log = '';
    const person = { name: 'Секретная Айгерим', login: 'very.secret.login', email: 'secret@alatau.kz', iin: '900101300017', role: 'user' };
    const fields = (await owner.get('/settings/people')).fields('/settings/people');
    const added = await owner.post('/settings/people', { ...fields, ...person, password: 'Very-secret-password-1' });
    const visitor = app.visitor();
    await visitor.get('/sign-in');
    const refused = await visitor.post('/sign-in', { login: 'very.secret.login', password: 'Very-secret-password-1' });
    expect([added.status, refused.status]).toEqual([500, 500]);
  } finally {
    await execute(app.deps.db, 'ALTER TABLE accounts RENAME COLUMN password_hash_away TO password_hash');
  }
  expect(log).toMatch(/request failed/);
  expect(log).toMatch(/ER_BAD_FIELD_ERROR/);
  expect(log).not.toMatch(/secret|Секрет|900101300017|argon2|"sql"|"parent"|"original"/i);
  expect(log).not.toMatch(/SELECT|INSERT|UPDATE/);
});
