import { execute, select } from '../../storage/sql';
import { verifyAudit } from '../../storage/audit-verify';
import { aPdf, TestApplication, type TestOrganisation } from '../support/application';
import { checked, checkFiles } from '../support/check';
import { signDetached } from '../support/authority';
import type { Browser } from '../support/browser';
import { waitForMails } from '../support/mail';
import { readSignedPdf } from '../support/signed-pdf';
import { until } from '../support/until';

let app: TestApplication;
let ours: TestOrganisation;
let clerk: Browser;
let lawyer: Browser;
let head: Browser;

beforeAll(async () => {
  app = await TestApplication.start();
  ({ ours } = app);
  [clerk, lawyer, head] = await Promise.all([
    app.signedIn(ours.people.clerk),
    app.signedIn(ours.people.lawyer),
    app.signedIn(ours.people.head),
  ]);
});
afterAll(() => app.stop());

const keyOf = (person: { name: string; iin: string }, bin?: string) =>
  app.authority.key({ name: person.name, iin: person.iin, ...(bin ? { bin, organisation: 'X' } : {}) });
const post = async (browser: Browser, id: string, kind: string, fields: Record<string, string> = {}, htmx = false) => {
  const form = await browser.get(`/documents/${id}/${kind}`);
  return browser.post(`/documents/${id}/${kind}`, { command: form.value('command'), ...fields }, { htmx });
};

test('a document passes approval and signing, and everything about it can be taken away', async () => {
  const id = await app.draft(clerk, aPdf('contract'));
  const sent = await app.send(clerk, id, [
    { kind: 'approve', people: [ours.people.lawyer] },
    { kind: 'sign', people: [ours.people.head] },
  ]);
  expect([sent.status, sent.location]).toEqual([303, `/documents/${id}`]);
  expect(await app.stateOf(id)).toBe('in-signing');

  expect((await head.get(`/documents/${id}`)).status).toBe(404); // not asked yet: it does not exist for them
  expect((await lawyer.get('/to-sign')).text).toContain(`/documents/${id}`);
  expect((await post(lawyer, id, 'approve')).status).toBe(303);
  expect((await head.get('/to-sign')).text).toContain(`/documents/${id}`);

  const key = keyOf(ours.people.head, ours.bin);
  const signed = await app.sign(head, `/documents/${id}`, (bytes) => signDetached(key, bytes));
  expect(signed.status).toBe(200);
  expect(signed.text).toContain('data-signed');
  expect(await app.stateOf(id)).toBe('signed');
  expect(await app.auditActions(id)).toEqual(['document.uploaded', 'route.sent', 'route.approved', 'route.signed']);
  expect((await verifyAudit(app.deps.db)).faults).toEqual([]);

  const page = await clerk.get(`/documents/${id}`);
  expect(page.status).toBe(200);
  const cms = /href="([^"]+\.cms)"/.exec(page.text)?.[1];
  expect((await clerk.get(cms ?? '')).bytes[0]).toBe(0x30);
  const zip = await clerk.get(`/documents/${id}/download/zip`);
  expect(zip.bytes.subarray(0, 2).toString()).toBe('PK');
  expect((await waitForMails(ours.people.clerk.email)).length).toBeGreaterThan(0);
});

test('a refusal wants a remark, closes the route, and a new file makes a new attempt', async () => {
  const id = await app.draft(clerk);
  await app.send(clerk, id, [
    { kind: 'approve', people: [ours.people.lawyer] },
    { kind: 'sign', people: [ours.people.head] },
  ]);
  const empty = await post(lawyer, id, 'refuse', { remark: '  ' }, true);
  expect(empty.status).toBe(422);
  expect(empty.text).toContain('aria-invalid="true"');
  const remark = 'Нет сметы «"<script>» 🙂';
  expect((await post(lawyer, id, 'refuse', { remark })).status).toBe(303);
  expect(await app.stateOf(id)).toBe('refused');
  expect((await clerk.get(`/documents/${id}`)).text).toContain('&#34;&lt;script&gt;');

  const form = await clerk.get(`/documents/${id}/reupload`);
  const again = await clerk.upload(`/documents/${id}/reupload`, { command: form.value('command') }, [
    { name: 'new.pdf', bytes: aPdf('second') },
  ]);
  expect(again.location).toBe(`/documents/${id}/edit`);
  expect((await app.send(clerk, id, [{ kind: 'approve', people: [ours.people.lawyer] }])).status).toBe(303);
  expect((await post(lawyer, id, 'approve')).status).toBe(303);
  expect(await app.stateOf(id)).toBe('signed');
  expect((await clerk.get(`/documents/${id}?attempt=1`)).text).toContain('Нет сметы');
});

test('the PDF with signatures holds the pages, the sheet, the code for the check page and the original', async () => {
  const bytes = aPdf('page of the contract');
  const id = await app.draft(clerk, bytes);
  await app.send(clerk, id, [{ kind: 'sign', people: [ours.people.head] }]);
  const key = keyOf({ name: 'ӘҒҚҢ ӨҰҮҺІ', iin: ours.people.head.iin }, ours.bin);
  await app.sign(head, `/documents/${id}`, (b) => signDetached(key, b));
  const pdf = await clerk.get(`/documents/${id}/download/pdf`);
  expect(pdf.status).toBe(200);
  const { text, attachment, code } = readSignedPdf(pdf.bytes);
  expect(text).toContain('page of the contract');
  expect(text).toContain('ӘҒҚҢ ӨҰҮҺІ');
  expect(text).toContain(ours.people.head.iin);
  expect(Buffer.from(attachment).equals(Buffer.from(bytes))).toBe(true);
  expect(code).toContain(`${app.url}/check/`);
});

test('the same command twice, two tabs and two clicks at once make one answer', async () => {
  const id = await app.draft(clerk);
  await app.send(clerk, id, [{ kind: 'approve', rule: 'any', people: [ours.people.lawyer, ours.people.deputy] }]);
  const form = await lawyer.get(`/documents/${id}/approve`);
  const command = form.value('command');
  const answers = await Promise.all([1, 2, 3].map(() => lawyer.post(`/documents/${id}/approve`, { command })));
  expect(answers.map((a) => a.status)).toEqual([303, 303, 303]);
  const deputy = await app.signedIn(ours.people.deputy);
  const late = await deputy.post(`/documents/${id}/approve`, { command: app.deps.newId() }, { htmx: true });
  expect(late.status).toBe(409);
  expect((await app.auditActions(id)).filter((a) => a === 'route.approved')).toHaveLength(1);
});

test('sending twice at once starts one route', async () => {
  const id = await app.draft(clerk);
  const page = await clerk.get(`/documents/${id}/edit`);
  const fields = {
    ...page.fields(`/documents/${id}/edit`),
    'stage.0.kind': 'approve',
    'stage.0.person.0': `user:${ours.people.lawyer.id}`,
    do: 'send',
  };
  const answers = await Promise.all([clerk.post(`/documents/${id}/edit`, fields), clerk.post(`/documents/${id}/edit`, fields)]);
  expect(answers.map((a) => a.status)).toEqual([303, 303]);
  expect(await select(app.deps.db, 'SELECT id FROM routes WHERE document_id = :id', { id })).toHaveLength(1);
});

describe('signatures that do not count', () => {
  let id: string;
  beforeAll(async () => {
    id = await app.draft(clerk, aPdf('to be signed'));
    await app.send(clerk, id, [{ kind: 'sign', people: [ours.people.head] }]);
  });
  const attempt = (cms: (bytes: Uint8Array) => string) => app.sign(head, `/documents/${id}`, cms);
  const foreign = { name: 'OTHER', iin: '999999999999' };

  test.each<[string, () => (bytes: Uint8Array) => string, number, RegExp]>([
    [
      'of another document',
      () => {
        const k = keyOf(ours.people.head);
        return () => signDetached(k, Buffer.from('something else'));
      },
      422,
      /data-refused/,
    ],
    [
      'of another person',
      () => {
        const k = keyOf(foreign);
        return (b) => signDetached(k, b);
      },
      422,
      /data-refused/,
    ],
    [
      'of another company',
      () => {
        const k = keyOf(ours.people.head, '999940000009');
        return (b) => signDetached(k, b);
      },
      422,
      /data-refused/,
    ],
    [
      'with an expired certificate',
      () => {
        const k = app.authority.key(ours.people.head, { from: -400, to: -35 });
        return (b) => signDetached(k, b);
      },
      422,
      /data-refused/,
    ],
    [
      'with an authentication key',
      () => {
        const k = app.authority.key(ours.people.head, { authentication: true });
        return (b) => signDetached(k, b);
      },
      422,
      /data-refused/,
    ],
    [
      'by an authority nobody trusts',
      () => {
        const k = new (app.authority.constructor as new () => typeof app.authority)().key(ours.people.head);
        return (b) => signDetached(k, b);
      },
      422,
      /data-refused/,
    ],
    ['that is garbage', () => () => Buffer.from('garbage'.repeat(100)).toString('base64'), 422, /data-refused/],
    ['that is nested without end', () => () => Buffer.from('3080'.repeat(50_000), 'hex').toString('base64'), 422, /data-refused/],
    ['that is empty', () => () => '', 422, /./],
  ])('%s', async (_name, make, status, shown) => {
    const answer = await attempt(make());
    expect([answer.status, shown.test(answer.text)]).toEqual([status, true]);
    expect(await app.stateOf(id)).toBe('in-signing');
  });

  test('then the right one does, and the same bytes again say it is done', async () => {
    const key = keyOf(ours.people.head);
    const page = await head.get(`/documents/${id}/sign`);
    const postUrl = /data-post-url="([^"]+)"/.exec(page.text)?.[1] ?? '';
    const cms = signDetached(key, (await head.get(`/documents/${id}/original`)).bytes);
    const command = app.deps.newId();
    const both = await Promise.all([
      head.post(postUrl, { command, cms }, { htmx: true }),
      head.post(postUrl, { command, cms }, { htmx: true }),
    ]);
    expect(both.map((a) => a.status)).toEqual([200, 200]);
    expect((await head.post(postUrl, { command: app.deps.newId(), cms }, { htmx: true })).status).toBe(409);
    expect(await app.stateOf(id)).toBe('signed');
    expect((await app.auditActions(id)).filter((a) => a === 'route.signed')).toHaveLength(1);
  });
});

test('an outside person signs by the link and sees nothing else', async () => {
  const guest = { name: 'Өтеген "Гость" 🙂', email: `guest-${Date.now()}@outside.kz`, iin: '880808400888' };
  const id = await app.draft(clerk, aPdf('for a guest'));
  const other = await app.draft(clerk, aPdf('not for a guest'));
  await app.send(clerk, id, [{ kind: 'sign', people: [guest] }], { message: 'Подпишите' });
  const [mail] = await waitForMails(guest.email);
  const link = /\/invitations\/[A-Za-z0-9_-]{22}/.exec(JSON.stringify(mail))?.[0] ?? '';
  expect(link).not.toBe('');

  const browser = app.visitor();
  const page = await browser.get(link);
  expect(page.status).toBe(200);
  expect(page.text).toContain('Подпишите');
  expect((await browser.get(`/documents/${id}`)).location).toContain('/sign-in');
  expect((await browser.get(`${link.slice(0, -1)}${link.endsWith('A') ? 'B' : 'A'}`)).status).toBe(404);
  expect((await browser.get(`/documents/${other}/file`)).location).toContain('/sign-in');

  const key = app.authority.key(guest);
  const signed = await app.sign(browser, link, (bytes) => signDetached(key, bytes));
  expect(signed.status).toBe(200);
  expect(await app.stateOf(id)).toBe('signed');
  expect((await browser.get(link)).status).toBe(200);

  const [row] = await select<{ participant_id: string }>(
    app.deps.db,
    'SELECT i.participant_id FROM invitations i JOIN route_participants p ON p.id = i.participant_id WHERE p.document_id = :id',
    { id },
  );
  await execute(app.deps.db, 'UPDATE invitations SET expires_at = UTC_TIMESTAMP(3) - INTERVAL 1 DAY WHERE participant_id = :p', {
    p: row?.participant_id ?? '',
  });
  expect((await browser.get(`${link}/file`)).status).toBe(410);
});

test('a revoked link opens nothing; a reminder by hand sends a new one, and only that one works', async () => {
  const guest = { name: 'Outside', email: `revoked-${Date.now()}@outside.kz`, iin: '880808400889' };
  const id = await app.draft(clerk);
  await app.send(clerk, id, [{ kind: 'approve', people: [guest] }]);
  const linkIn = (mail: unknown) => /\/invitations\/[A-Za-z0-9_-]{22}/.exec(JSON.stringify(mail))?.[0] ?? '';
  const first = linkIn((await waitForMails(guest.email))[0]);
  const visitor = app.visitor();
  expect((await visitor.get(`${first}/file`)).status).toBe(200);
  const revoke = /action="(\/documents\/[^"]+\/links\/[^"]+\/revoke)"/.exec((await clerk.get(`/documents/${id}`)).text)?.[1] ?? '';
  expect((await clerk.post(revoke, { command: app.deps.newId() })).status).toBe(303);
  expect((await visitor.get(`${first}/file`)).status).toBe(410);
  expect((await visitor.get(first)).text).not.toContain('Договор.pdf');
  expect((await clerk.post(`/documents/${id}/remind`, { command: app.deps.newId() }, { htmx: true })).status).toBe(200);
  const second = (await waitForMails(guest.email, 2)).map(linkIn).find((link) => link !== first) ?? '';
  expect((await visitor.get(`${second}/file`)).status).toBe(200);
  expect((await visitor.get(`${first}/file`)).status).toBe(404);
  expect(await app.auditActions(id)).toContain('route.link_revoked');
});

test('the initiator moves a deadline, never into the past', async () => {
  const id = await app.draft(clerk);
  await app.send(clerk, id, [{ kind: 'approve', due: '2099-01-31', people: [ours.people.lawyer] }]);
  const move = (browser: Browser, due: string) =>
    browser.post(`/documents/${id}/extend`, { command: app.deps.newId(), due }, { htmx: true });
  expect((await clerk.get(`/documents/${id}/extend`)).value('due')).toBe('2099-01-31');
  expect((await move(lawyer, '2099-02-28')).status).toBe(403);
  for (const bad of ['2020-01-01', '2099-02-30', 'soon']) expect((await move(clerk, bad)).status).toBe(422);
  expect((await move(clerk, '2099-03-31')).status).toBe(200);
  expect((await clerk.get(`/documents/${id}`)).text).toContain('31.03.2099');
  expect((await move(clerk, '')).status).toBe(200);
  expect((await app.auditActions(id)).filter((a) => a === 'route.extended')).toHaveLength(2);
});

test('the initiator withdraws and reminds; others may not', async () => {
  const id = await app.draft(clerk);
  await app.send(clerk, id, [{ kind: 'approve', people: [ours.people.lawyer] }]);
  expect((await lawyer.post(`/documents/${id}/remind`, { command: app.deps.newId() }, { htmx: true })).status).toBe(403);
  expect((await clerk.post(`/documents/${id}/remind`, { command: app.deps.newId() }, { htmx: true })).status).toBe(200);
  expect((await clerk.post(`/documents/${id}/remind`, { command: app.deps.newId() }, { htmx: true })).status).toBe(429);
  expect((await lawyer.post(`/documents/${id}/withdraw`, { command: app.deps.newId() }, { htmx: true })).status).toBe(403);
  expect((await clerk.post(`/documents/${id}/withdraw`, { command: app.deps.newId() })).status).toBe(303);
  expect(await app.stateOf(id)).toBe('withdrawn');
  expect((await lawyer.post(`/documents/${id}/approve`, { command: app.deps.newId() }, { htmx: true })).status).toBe(409);
});

test('the public check tells the truth about a signed document, by its code and by its files', async () => {
  const bytes = aPdf('public');
  const id = await app.draft(clerk, bytes);
  await app.send(clerk, id, [{ kind: 'sign', people: [ours.people.head] }]);
  const key = keyOf(ours.people.head);
  await app.sign(head, `/documents/${id}`, (b) => signDetached(key, b));
  const checkUrl = await until(
    'the check address',
    async () => /href="(\/check\/[A-Za-z0-9_-]{22})"/.exec((await clerk.get(`/documents/${id}`)).text)?.[1],
  );
  const visitor = app.visitor();
  const known = await checked(visitor, visitor.get(checkUrl));
  expect(known.text).toContain('data-verdict="valid"');
  const same = await checked(visitor, visitor.upload(checkUrl, {}, [{ name: 'a.pdf', bytes }]));
  const different = await checked(visitor, visitor.upload(checkUrl, {}, [{ name: 'a.pdf', bytes: aPdf('changed') }]));
  expect(same.text).not.toBe(different.text);

  await visitor.get('/check');
  const cms = Buffer.from(signDetached(key, bytes), 'base64');
  const good = await checkFiles(visitor, [
    { name: 'a.pdf', bytes },
    { field: 'signature', name: 'a.cms', bytes: cms },
  ]);
  expect(good.text).toContain('data-verdict="valid"');
  const bad = await checkFiles(visitor, [
    { name: 'a.pdf', bytes: aPdf('x') },
    { field: 'signature', name: 'a.cms', bytes: cms },
  ]);
  expect(bad.text).toContain('data-verdict="invalid"');
  expect((await checkFiles(visitor, [{ field: 'signature', name: 'a.cms', bytes: Buffer.from('zzz') }])).status).toBe(422);
  expect((await visitor.get('/check/AAAAAAAAAAAAAAAAAAAAAA')).status).toBe(404);
});

test('lists find by Kazakh and Russian words, by numbers and by what LIKE would take for a pattern', async () => {
  const id = await app.draft(clerk, aPdf('search'), 'Өтінім 50%_дәл.pdf');
  const finds = async (q: string, path = '/documents') => {
    const answer = await clerk.get(`${path}?q=${encodeURIComponent(q)}`);
    expect(answer.status).toBe(200);
    return answer.text.includes(`/documents/${id}`);
  };
  expect(await finds('өтінім')).toBe(true);
  expect(await finds('50%')).toBe(true);
  expect(await finds('5_%')).toBe(false);
  expect(await finds('160440010216')).toBe(false);
  expect(await finds("';DROP TABLE documents;--")).toBe(false);
  for (const path of ['/to-sign', '/in-signing', '/trash']) expect(await finds('договор', path)).toBe(false);
});
