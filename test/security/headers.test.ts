import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { phoneSender } from '../../integrations/temporal/phone';
import { createPhoneApp } from '../../server/phone/device-web';
import { newCapability } from '../../storage/capabilities';
import { password, TestApplication } from '../support/application';
import { waitForMails } from '../support/mail';

// An installation people come to by https; the proxy in front of it is not part of the test.
let app: TestApplication;
let phone: Server;
let phoneOrigin: string;

beforeAll(async () => {
  app = await TestApplication.start({ env: { KENSE_PUBLIC_URL: 'https://127.0.0.1:1', KENSE_PHONE_URL: 'https://127.0.0.1:2/egov' } });
  phone = createServer(createPhoneApp(app.deps, phoneSender(app.deps.temporal.client)));
  await new Promise<void>((resolve) => phone.listen(0, '127.0.0.1', resolve));
  phoneOrigin = `http://127.0.0.1:${(phone.address() as AddressInfo).port}`;
});
afterAll(async () => {
  await new Promise((resolve) => phone.close(resolve));
  await app.stop();
});

const hsts = 'max-age=31536000; includeSubDomains';
const headersOf = async (url: string, init: RequestInit = {}): Promise<Headers> =>
  (await fetch(url, { redirect: 'manual', ...init })).headers;

test.each(['/healthz', '/readyz', '/', '/sign-in', '/assets/css/base.css', '/assets/none.css', '/documents', '/nonsense', '/%'])(
  'browsers are told to come by https only: %s',
  async (path) => {
    expect((await headersOf(app.url + path)).get('strict-transport-security')).toBe(hsts);
  },
);

test.each(['/healthz', '/egov/healthz', '/egov/api1/nonsense', '/nonsense'])(
  'so are phones, by a listener of their own: %s',
  async (path) => {
    expect((await headersOf(phoneOrigin + path)).get('strict-transport-security')).toBe(hsts);
  },
);

test('every cookie carries the prefix that no sibling host and no plain http can set', async () => {
  const browser = app.visitor();
  const answers = [await browser.get('/sign-in')];
  answers.push(await browser.post('/preferences', { lang: 'kk', theme: 'dark', return_to: '/sign-in' }));
  answers.push(await browser.post('/sign-in', { login: app.ours.people.owner.login, password }));
  answers.push(await browser.get('/settings/sessions'), await browser.post('/sign-out', {}));
  const set = answers.flatMap((answer) => answer.headers.getSetCookie());
  const names = set.map((cookie) => cookie.split('=')[0]);
  expect(new Set(names)).toEqual(new Set(['', '_visitor', '_device', '_lang', '_theme'].map((name) => `__Host-kense${name}`)));
  for (const cookie of set) {
    expect(cookie).toMatch(/; Path=\/(;|$)/);
    expect(cookie).toMatch(/; HttpOnly/);
    expect(cookie).toMatch(/; Secure/);
    expect(cookie).toMatch(/; SameSite=Lax/);
    expect(cookie).not.toMatch(/Domain/i);
  }
});

test('the message that waits for the next page is such a cookie too, and a plain one of that name is not read', async () => {
  const clerk = await app.signedIn(app.ours.people.clerk);
  const id = await app.draft(clerk);
  const sent = await app.send(clerk, id, [{ kind: 'approve', people: [app.ours.people.lawyer] }]);
  expect(sent.headers.getSetCookie().map((one) => one.split('=')[0])).toContain('__Host-kense_flash');
  const planted = encodeURIComponent(JSON.stringify({ tone: 'ok', key: 'flash.done' }));
  const page = await (await fetch(`${app.url}/sign-in`, { headers: { cookie: `kense_flash=${planted}; kense_lang=kk` } })).text();
  expect(page).toContain(`<div id="flash" class="flash" role="alert"></div>`);
  expect(page).not.toMatch(/<html[^>]*lang="kk"/);
});

test('nothing but the files of the pages themselves stays in a browser or proxy', async () => {
  const clerk = await app.signedIn(app.ours.people.clerk);
  const id = await app.draft(clerk);
  const guest = { name: 'Guest Person', email: `guest-${id.toLowerCase()}@example.kz`, iin: '900101300017' };
  await app.send(clerk, id, [{ kind: 'approve', people: [guest] }]);
  const link = new URL(/https:\/\/\S+\/invitations\/[\w.-]+/.exec((await waitForMails(guest.email))[0]?.text ?? '')?.[0] ?? 'none:')
    .pathname;
  const check = `/check/${newCapability(app.config.secrets, 'check', id, 1).token}`;
  const paths = [
    ...['', '/edit', '/history', '/head', '/route', '/file', '/original', '/approve'].map((end) => `/documents/${id}${end}`),
    ...['', '/head', '/route', '/file', '/original', '/approve', '/sign'].map((end) => `${link}${end}`),
    ...['/', '/to-sign', '/documents', '/settings/people', '/settings/sessions', '/sign-in', '/check', check, '/commands/x', '/nonsense'],
  ];
  for (const path of paths)
    for (const htmx of [false, true]) {
      const answer = await clerk.get(path, { htmx });
      expect([path, htmx, answer.headers.get('cache-control')]).toEqual([path, htmx, 'no-store']);
    }
  for (const path of ['/assets/css/base.css', '/assets/vendor/htmx.js', '/favicon.ico'])
    expect((await headersOf(app.url + path)).get('cache-control')).toMatch(/^public/);
});

test('strangers learn whether it is ready, and nothing else', async () => {
  const ready = await fetch(`${app.url}/readyz`);
  expect([ready.status, await ready.text()]).toEqual([200, 'ok\n']);
});
