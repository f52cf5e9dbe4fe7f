import { execute, select } from '../../storage/sql';
import { TestApplication } from '../support/application';
import type { Browser } from '../support/browser';
import { mailControl, mailsTo, waitForMails } from '../support/mail';
import { until } from '../support/until';

let app: TestApplication;
let clerk: Browser;

beforeAll(async () => {
  app = await TestApplication.start();
  clerk = await app.signedIn(app.ours.people.clerk);
});
afterEach(() => mailControl({ refuse: [], down: false }));
afterAll(() => app.stop());

const stateOf = async (recipient: string) =>
  (
    await select<{ state: string; last_error: string; attempts: number }>(
      app.deps.db,
      'SELECT state, last_error, attempts FROM mail_deliveries WHERE recipient = :recipient',
      { recipient },
    )
  )[0];

test('a recipient the server refuses is shown as such, the others get their mail', async () => {
  const [refused, fine] = [
    { name: 'Refused', email: `refused-${Date.now()}@nowhere.kz`, iin: '770707300771' },
    { name: 'Fine', email: `fine-${Date.now()}@somewhere.kz`, iin: '770707300772' },
  ];
  await mailControl({ refuse: [refused.email] });
  const id = await app.draft(clerk);
  await app.send(clerk, id, [{ kind: 'approve', people: [refused, fine] }]);
  await until('the refusal to be noted', async () => (await stateOf(refused.email))?.state === 'refused');
  expect((await stateOf(refused.email))?.last_error).toContain('550');
  expect(await waitForMails(fine.email)).toHaveLength(1);
  const page = await clerk.get(`/documents/${id}/route`);
  expect(page.text).toContain('550');
  expect((await clerk.get('/in-signing?state=undelivered')).text).toContain(`/documents/${id}`);
});

test('while the server is away mails wait, then each goes out once', async () => {
  const guest = { name: 'Patient', email: `patient-${Date.now()}@somewhere.kz`, iin: '770707300773' };
  await mailControl({ down: true });
  const id = await app.draft(clerk);
  await app.send(clerk, id, [{ kind: 'approve', people: [guest] }]);
  await until('the first attempt to fail', async () => (await stateOf(guest.email))?.state === 'retrying');
  expect(await app.stateOf(id)).toBe('in-signing');
  await mailControl({ down: false });
  await waitForMails(guest.email);
  await until('it to be noted', async () => (await stateOf(guest.email))?.state === 'sent');
  expect(await mailsTo(guest.email)).toHaveLength(1);
});

test('a mail is in the language of its reader, names its sender and holds no address of another person', async () => {
  await execute(app.deps.db, "UPDATE people SET language = 'kk' WHERE id = :id", { id: app.ours.people.lawyer.id });
  const id = await app.draft(clerk, undefined, 'Келісім.pdf');
  await app.send(clerk, id, [{ kind: 'approve', people: [app.ours.people.lawyer] }], { message: 'Line one\nBcc: evil@example.kz' });
  const [mail] = await waitForMails(app.ours.people.lawyer.email);
  const text = JSON.stringify(mail);
  expect(text).toContain('Келісім');
  expect(text).toContain(`/documents/${id}`);
  expect(await mailsTo('evil@example.kz')).toEqual([]);
});
