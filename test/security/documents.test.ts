import { select } from '../../storage/sql';
import { saveSetting } from '../../storage/queries/settings';
import { moduleSetting } from '../../domain/settings/modules';
import { aPdf, TestApplication, type Outside, type TestOrganisation } from '../support/application';
import { signDetached } from '../support/authority';
import type { Browser } from '../support/browser';
import { challengeOf, keyOf, signedText } from '../support/keys';
import { mailsTo } from '../support/mail';
import { until } from '../support/until';

let app: TestApplication;
let ours: TestOrganisation;
let clerk: Browser;
let lawyer: Browser;
let head: Browser;
let deputy: Browser;
let admin: Browser;

beforeAll(async () => {
  app = await TestApplication.start();
  ({ ours } = app);
  const { people } = ours;
  [clerk, lawyer, head, deputy, admin] = (await Promise.all(
    [people.clerk, people.lawyer, people.head, people.deputy, people.admin].map((person) => app.signedIn(person)),
  )) as [Browser, Browser, Browser, Browser, Browser];
});
afterAll(() => app.stop());

let guests = 0;
const aGuest = (): Outside => ({
  name: 'Гость',
  email: `guest-${++guests}-${app.deps.newId().toLowerCase()}@outside.kz`,
  iin: `99090930000${guests}`,
});
const linkOf = async (email: string, nth = 0): Promise<string> => {
  const mails = await until(`mail ${nth} to ${email}`, async () => {
    const found = (await mailsTo(email)).flatMap((mail) => /\/invitations\/[A-Za-z0-9_-]{22}/.exec(JSON.stringify(mail))?.[0] ?? []);
    return found.length > nth ? [...new Set(found)] : null;
  });
  return mails.at(-1) ?? '';
};
const post = async (browser: Browser, id: string, kind: string, fields: Record<string, string> = {}) => {
  const form = await browser.get(`/documents/${id}/${kind}`);
  return browser.post(`/documents/${id}/${kind}`, { command: form.value('command'), ...fields });
};

describe('attempts of a document', () => {
  const first: Outside = { name: 'Посетитель Один', email: '', iin: '990909300111' };
  const second: Outside = { name: 'Посетитель Два', email: '', iin: '990909300222' };
  let id = '';
  let firstSignature = '';
  let links: string[] = [];

  beforeAll(async () => {
    [first.email, second.email] = [aGuest().email, aGuest().email];
    id = await app.draft(clerk, aPdf('first version'), 'Первая.pdf');
    await app.send(clerk, id, [{ kind: 'sign', people: [ours.people.head, ours.people.lawyer, first] }]);
    const key = app.authority.key(ours.people.head);
    await app.sign(head, `/documents/${id}`, (bytes) => signDetached(key, bytes));
    firstSignature = /signatures\/([0-9A-Z]{26})\.cms/.exec((await clerk.get(`/documents/${id}`)).text)?.[1] ?? '';
    links = [await linkOf(first.email)];
    await post(lawyer, id, 'refuse', { remark: 'Секретная причина первой попытки' });
    await app.untilState(id, 'refused');
    const form = await clerk.get(`/documents/${id}/reupload`);
    await clerk.upload(`/documents/${id}/reupload`, { command: form.value('command') }, [
      { name: 'Вторая.pdf', bytes: aPdf('second version') },
    ]);
  });

  // What each participant's route answers of an attempt: by query, and by the id of a signature made in it.
  const ways = ['', '/head', '/route', '/file', '/original', '/download/zip', '/download/pdf', '/download/card.pdf', '/download/pack.zip'];
  const shows = async (browser: Browser, base: string, attempt: number): Promise<string[]> => {
    const seen: string[] = [];
    for (const way of ways) {
      const answer = await browser.get(`${base}${way}?attempt=${attempt}`);
      if (answer.status !== 200) continue;
      const header = decodeURIComponent(answer.headers.get('content-disposition') ?? '');
      const text = `${header}${answer.bytes.toString('latin1').includes('second version') ? 'second version' : ''}${answer.text}`;
      if (/first version|Первая\.pdf|Секретная причина|Посетитель Один/.test(text)) seen.push(`${way} tells of the first`);
      if (/second version|Вторая\.pdf|Посетитель Два/.test(text)) seen.push(`${way} tells of the second`);
    }
    return seen;
  };

  test('a colleague asked in the first only does not see the draft of the second, nor its route', async () => {
    expect((await shows(lawyer, `/documents/${id}`, 2)).filter((what) => what.includes('second'))).toEqual([]);
    expect((await lawyer.get(`/documents/${id}/file`)).text).toContain('first version');
    await app.send(clerk, id, [{ kind: 'sign', people: [ours.people.deputy, second] }]);
    links.push(await linkOf(second.email));
    expect((await lawyer.get(`/documents/${id}?attempt=2`)).status).toBe(404);
    expect(await shows(lawyer, `/documents/${id}`, 2)).toEqual([]);
    expect((await lawyer.get(`/documents/${id}`)).text).toContain('Секретная причина');
    expect((await lawyer.get(`/documents/${id}/history`)).text).not.toContain('Посетитель Два');
  });

  test('a colleague asked in the second only does not see the first', async () => {
    expect(await shows(deputy, `/documents/${id}`, 1)).toEqual([]);
    expect((await deputy.get(`/documents/${id}`)).text).not.toContain('Секретная причина');
    expect((await deputy.get(`/documents/${id}/history`)).text).not.toContain('Секретная причина');
    for (const form of ['.cms', '.json', ''])
      expect((await deputy.get(`/documents/${id}/signatures/${firstSignature}${form}`)).status).toBe(404);
    expect((await head.get(`/documents/${id}/signatures/${firstSignature}.cms`)).status).toBe(200);
  });

  test('a person from outside sees their own, whatever they ask for', async () => {
    const guest = app.visitor();
    expect((await shows(guest, links[1] ?? '', 1)).filter((what) => what.includes('first'))).toEqual([]);
    for (const form of ['.cms', '.json', '', '.proof.cms'])
      expect((await guest.get(`${links[1]}/signatures/${firstSignature}${form}`)).status).toBe(404);
  });

  test('the initiator and whoever runs the cabinet see all', async () => {
    for (const browser of [clerk, admin]) {
      expect((await browser.get(`/documents/${id}/file?attempt=1`)).text).toContain('first version');
      expect((await browser.get(`/documents/${id}/file?attempt=2`)).text).toContain('second version');
    }
  });

  test('the link of the first attempt has ended with its route', async () => {
    const guest = app.visitor();
    for (const way of ways.slice(1)) expect([way, (await guest.get(`${links[0]}${way}`)).status]).toEqual([way, 410]);
    const page = await guest.get(links[0] ?? '');
    expect(page.text).not.toContain('Секретная причина');
    expect(page.text).not.toContain('Первая.pdf');
  });
});

test('a link serves nothing once the document is withdrawn or lies in the trash', async () => {
  const guest = aGuest();
  const id = await app.draft(clerk, aPdf('withdrawn words'));
  await app.send(clerk, id, [{ kind: 'sign', people: [guest] }]);
  const link = await linkOf(guest.email);
  const visitor = app.visitor();
  expect((await visitor.get(`${link}/file`)).status).toBe(200);
  await post(clerk, id, 'withdraw');
  await app.untilState(id, 'withdrawn');
  for (const way of ['/file', '/original', '/download/zip', '/route', '/head', '/approve', '/sign'])
    expect([way, (await visitor.get(`${link}${way}`)).status]).toEqual([way, 410]);
  expect((await visitor.get(link)).text).not.toContain(`${link}/file`);
  await post(clerk, id, 'delete');
  expect((await visitor.get(`${link}/file`)).status).toBe(410);
});

test('a second file under the same form does not vanish: the same again is a repeat, another one and a stranger’s form are refused', async () => {
  const command = app.deps.newId();
  const upload = (browser: Browser, text: string, htmx = false) =>
    browser.upload('/uploads', { command }, [{ name: 'Файл.pdf', bytes: aPdf(text) }], { htmx });
  const made = await upload(clerk, 'one');
  expect(made.status).toBe(303);
  expect((await upload(clerk, 'one')).location).toBe(made.location);
  expect((await upload(clerk, 'two')).status).toBe(409);
  expect((await upload(clerk, 'two', true)).status).toBe(409);
  expect((await upload(lawyer, 'one')).status).toBe(409);
  const rows = await select<{ n: number }>(app.deps.db, 'SELECT COUNT(*) AS n FROM uploads');
  expect(rows).toHaveLength(1);
});

test('a command id that has been used answers nothing about another document', async () => {
  const [one, two] = [await app.draft(clerk, aPdf('a')), await app.draft(clerk, aPdf('b'))];
  for (const id of [one, two]) await app.send(clerk, id, [{ kind: 'approve', people: [ours.people.lawyer] }]);
  const form = await lawyer.get(`/documents/${one}/approve`);
  const command = form.value('command');
  expect((await lawyer.post(`/documents/${one}/approve`, { command })).status).toBe(303);
  expect((await lawyer.post(`/documents/${one}/approve`, { command })).status).toBe(303); // the same click again
  expect((await lawyer.post(`/documents/${two}/approve`, { command })).status).toBe(409);
  expect(await app.stateOf(two)).toBe('in-signing');
  const draft = await app.draft(clerk, aPdf('c'));
  const page = await clerk.get(`/documents/${draft}/edit`);
  const sent = await clerk.post(`/documents/${draft}/edit`, { ...page.fields(`/documents/${draft}/edit`), command, do: 'send' });
  expect(sent.status).toBe(409);
  expect((await clerk.post(`/documents/${draft}/delete`, { command })).status).toBe(409);
});

test('a multipart body is no way round the token of a form', async () => {
  const before = await select<{ n: number }>(app.deps.db, 'SELECT COUNT(*) AS n FROM sessions WHERE revoked_at IS NOT NULL');
  for (const path of ['/sign-out', '/settings/sessions/end-others', '/preferences', '/settings/people'])
    expect([path, (await admin.upload(path, { _csrf: '' }, [])).status]).toEqual([path, 403]);
  expect(await select(app.deps.db, 'SELECT COUNT(*) AS n FROM sessions WHERE revoked_at IS NOT NULL')).toEqual(before);
});

test('who looked and who took away is written down with login and address', async () => {
  const id = await app.draft(clerk, aPdf('looked at'));
  await app.send(clerk, id, [{ kind: 'approve', people: [ours.people.lawyer] }]);
  await lawyer.get(`/documents/${id}`);
  await lawyer.get(`/documents/${id}`);
  await lawyer.get(`/documents/${id}/original`);
  const rows = await select<{ action: string; details: string }>(
    app.deps.db,
    "SELECT action, details FROM audit WHERE actor_id = :me AND action IN ('document.viewed', 'document.downloaded') AND details LIKE :like ORDER BY seq",
    { me: ours.people.lawyer.id, like: `%${id}%` },
  );
  expect(rows.map((row) => row.action)).toEqual(['document.viewed', 'document.downloaded']);
  expect(JSON.parse(rows[1]?.details ?? '')).toMatchObject({ login: ours.people.lawyer.login, what: 'original' });
  expect((JSON.parse(rows[1]?.details ?? '') as { address: string }).address).not.toBe('');
});

test('a document opened in several windows at once is shown in each', async () => {
  const id = await app.draft(clerk, aPdf('several windows'));
  await app.send(clerk, id, [{ kind: 'approve', people: [ours.people.deputy] }]);
  const answers = await Promise.all(Array.from({ length: 8 }, () => deputy.get(`/documents/${id}`)));
  expect(answers.map((answer) => answer.status)).toEqual(Array<number>(8).fill(200));
});

test('names keep nothing that cannot be seen', async () => {
  const id = await app.draft(clerk, aPdf('name'), 'Дого\u200Bвор\u202Efdp.\uFEFFpdf');
  const [row] = await select<{ name: string }>(app.deps.db, 'SELECT name FROM files WHERE document_id = :id', { id });
  expect(row?.name).toBe('Договорfdp.pdf');
});

test('where an organisation wants it, people from outside agree only with the key of their IIN', async () => {
  const { now } = app.deps;
  await app.deps.inTx((tx) =>
    saveSetting(tx, ours.id, moduleSetting('outside_key'), { isOn: true, by: 'test', at: now().toISOString() }, now()),
  );
  const guest = aGuest();
  const id = await app.draft(clerk, aPdf('with a key'));
  await app.send(clerk, id, [{ kind: 'approve', people: [guest] }]);
  const link = await linkOf(guest.email);
  const visitor = app.visitor();
  const form = await visitor.get(`${link}/approve`);
  const press = (fields: Record<string, string>) => visitor.post(`${link}/approve`, fields);
  const asked = await press({ command: form.value('command'), remark: 'Согласен' });
  expect([asked.status, await app.stateOf(id)]).toEqual([200, 'in-signing']);
  const { id: challenge, text } = challengeOf(asked);
  const carried = asked.fields(`${link}/approve`);
  expect(carried).toMatchObject({ remark: 'Согласен' });
  const wrong = await press({ ...carried, challenge, cms: signedText(keyOf(app, ours.people.head), text) });
  expect([wrong.status, await app.stateOf(id)]).toEqual([422, 'in-signing']);
  const again = challengeOf(wrong);
  const right = await press({ ...wrong.fields(`${link}/approve`), challenge: again.id, cms: signedText(keyOf(app, guest), again.text) });
  expect(right.status).toBe(303);
  await app.untilState(id, 'signed');
});

test('what one person and one organisation may store within a day is bounded', async () => {
  const config = app.config.uploadDayBytes;
  app.config.uploadDayBytes = { person: 1, organisation: 0 };
  const refused = await clerk.upload('/uploads', { command: app.deps.newId() }, [{ name: 'Ещё.pdf', bytes: aPdf('quota') }]);
  expect(refused.status).toBe(413);
  app.config.uploadDayBytes = { person: 0, organisation: 1 };
  expect((await clerk.upload('/uploads', { command: app.deps.newId() }, [{ name: 'Ещё.pdf', bytes: aPdf('quota') }])).status).toBe(413);
  app.config.uploadDayBytes = config;
});
