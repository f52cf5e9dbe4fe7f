import type { Router } from 'express';
import { createApp } from '../../server/app';
import { aPdf, TestApplication } from '../support/application';
import { signDetached } from '../support/authority';
import type { Browser } from '../support/browser';
import { waitForMails } from '../support/mail';

// Every route × everybody who might try. A route without a row here fails the last test.

type Who = 'visitor' | 'initiator' | 'asked' | 'not asked' | 'admin' | 'owner' | 'other organisation' | 'guest';
const everybody: Who[] = ['visitor', 'guest', 'other organisation', 'not asked', 'asked', 'initiator', 'admin', 'owner'];
/** What may come: `in` = any answer that is not a refusal of access, `sign-in` = 303 or 401 to the sign-in, else the status. */
type Wanted = 'in' | 'sign-in' | 403 | 404;
const members = (wanted: Partial<Record<Who, Wanted>>, rest: Wanted = 'in'): Record<Who, Wanted> =>
  Object.fromEntries(everybody.map((who) => [who, wanted[who] ?? (who === 'visitor' || who === 'guest' ? 'sign-in' : rest)])) as Record<
    Who,
    Wanted
  >;
const all: Record<Who, Wanted> = Object.fromEntries(everybody.map((who) => [who, 'in' as const])) as Record<Who, Wanted>;
const nobody: Record<Who, Wanted> = Object.fromEntries(everybody.map((who) => [who, 403 as const])) as Record<Who, Wanted>;
const hidden: Record<Who, Wanted> = Object.fromEntries(everybody.map((who) => [who, 404 as const])) as Record<Who, Wanted>;
const seers = members({ 'not asked': 404, 'other organisation': 404 });
const answerers = members({ 'not asked': 404, 'other organisation': 404 });
const managers = members({ initiator: 403, asked: 403, 'not asked': 403 });

const matrix: [method: 'GET' | 'POST', path: string, wanted: Record<Who, Wanted>][] = [
  ['GET', '/healthz', all],
  ['GET', '/readyz', all],
  ['GET', '/robots.txt', all],
  ['GET', '/favicon.ico', all],
  ['GET', '/assets/vendor/htmx.js', all],
  ['GET', '/assets/vendor/pdf.mjs', all],
  ['GET', '/assets/vendor/pdf.worker.mjs', all],
  ['GET', '/', all],
  ['GET', '/keys', all],
  ['GET', '/sign-in', all],
  ['POST', '/sign-in', all],
  ['GET', '/sign-in/eds', all],
  ['POST', '/sign-in/eds', all],
  ['GET', '/sign-in/organisation', all],
  ['POST', '/sign-in/organisation', all],
  ['GET', '/sign-in/code/:step', all],
  ['POST', '/sign-in/code/:step', all],
  ['GET', '/sign-in/forgot', all],
  ['POST', '/sign-in/forgot', all],
  ['GET', '/sign-in/reset/:id/:token', all],
  ['POST', '/sign-in/reset/:id/:token', all],
  // One's own password and second factor: whoever has a session.
  ['GET', '/settings/password', members({})],
  ['POST', '/settings/password', members({})],
  ['GET', '/settings/second-factor', members({})],
  ['POST', '/settings/second-factor/begin', members({})],
  ['POST', '/settings/second-factor/confirm', members({})],
  ['POST', '/settings/second-factor/codes', members({})],
  ['POST', '/settings/second-factor/off', members({})],
  ['GET', '/settings/sign-in', managers],
  ['POST', '/settings/sign-in', managers],
  ['POST', '/preferences', all],
  ['GET', '/check', all],
  ['POST', '/check', all],
  ['GET', '/check/:code', all],
  ['POST', '/check/:code', all],
  ['GET', '/check/:token/waiting', all],
  ['GET', '/commands/:id', members({})],
  ['GET', '/to-sign', members({})],
  ['GET', '/in-signing', members({})],
  // A group is its maker's alone: to everybody else it is not there.
  ['POST', '/groups', members({}, 403)],
  ['GET', '/groups/:id', members({}, 404)],
  ['GET', '/groups/:id/work', members({}, 404)],
  ['GET', '/groups/:id/items/:item/look', members({}, 404)],
  ['POST', '/groups/:id/items/:item/remove', members({}, 404)],
  ['POST', '/groups/:id/start', members({}, 404)],
  ['POST', '/groups/:id/stop', members({}, 404)],
  ['POST', '/groups/:id/next', members({}, 404)],
  ['POST', '/groups/:id/signatures', members({}, 404)],
  // A phone session is its maker's alone, and one to enter with is its browser's.
  ['POST', '/phone', members({})],
  ['GET', '/phone/:phone', members({}, 404)],
  ['POST', '/phone/:phone/code', members({}, 404)],
  ['GET', '/documents/:id/phone', answerers],
  ['GET', '/documents/:id/phone/:phone', members({}, 404)],
  ['POST', '/documents/:id/phone/:phone/code', members({}, 404)],
  ['GET', '/invitations/:token/phone', Object.fromEntries(everybody.map((who) => [who, 403 as const])) as Record<Who, Wanted>],
  ['GET', '/invitations/:token/phone/:phone', hidden],
  ['POST', '/invitations/:token/phone/:phone/code', hidden],
  ['GET', '/sign-in/qr', all],
  ['GET', '/sign-in/qr/:phone', all],
  ['POST', '/sign-in/qr/:phone', hidden],
  ['POST', '/sign-in/qr/:phone/code', hidden],
  ['GET', '/settings/key/phone', members({})],
  ['GET', '/settings/key/phone/:phone', members({}, 404)],
  ['POST', '/settings/key/phone/:phone', members({}, 404)],
  ['POST', '/settings/key/phone/:phone/code', members({}, 404)],
  ['GET', '/settings/phone', managers],
  ['GET', '/settings/modules', managers],
  ['POST', '/settings/modules/:name', members({ initiator: 403, asked: 403, 'not asked': 403 }, 404)],
  ['GET', '/documents', members({})],
  ['GET', '/trash', members({})],
  ['GET', '/documents/new', members({})],
  ['POST', '/uploads', members({})],
  ['GET', '/people/suggest', members({})],
  ['GET', '/documents/:id', seers],
  ['GET', '/documents/:id/head', seers],
  ['GET', '/documents/:id/route', seers],
  ['GET', '/documents/:id/history', seers],
  ['GET', '/documents/:id/file', seers],
  ['GET', '/documents/:id/original', seers],
  ['GET', '/documents/:id/signatures/:signature.cms', seers],
  ['GET', '/documents/:id/signatures/:signature.proof.cms', seers],
  ['GET', '/documents/:id/signatures/:signature.json', seers],
  ['GET', '/documents/:id/signatures/:signature', seers],
  ['POST', '/documents/:id/signatures/:signature/retry', seers],
  ['GET', '/documents/:id/download/zip', seers],
  ['GET', '/documents/:id/download/pdf', seers],
  ['GET', '/documents/:id/download/card.pdf', seers],
  ['GET', '/documents/:id/download/pack.zip', seers],
  ['GET', '/documents/:id/edit', seers],
  ['POST', '/documents/:id/edit', seers],
  ['GET', '/documents/:id/extend', members({ asked: 403, 'not asked': 404, 'other organisation': 404 })],
  ['POST', '/documents/:id/extend', members({ asked: 403, 'not asked': 404, 'other organisation': 404 })],
  [
    'POST',
    '/documents/:id/links/:participant/revoke',
    members({ asked: 403, initiator: 404, admin: 404, owner: 404, 'not asked': 404, 'other organisation': 404 }),
  ],
  ['GET', '/documents/:id/withdraw', seers],
  ['POST', '/documents/:id/remind', members({ asked: 403, 'not asked': 404, 'other organisation': 404 })],
  ['GET', '/documents/:id/delete', seers],
  ['POST', '/documents/:id/delete', seers],
  ['POST', '/documents/:id/restore', seers],
  ['GET', '/documents/:id/reupload', seers],
  ['POST', '/documents/:id/reupload', seers],
  ['GET', '/documents/:id/approve', answerers],
  ['POST', '/documents/:id/approve', members({ initiator: 403, admin: 403, owner: 403, 'not asked': 404, 'other organisation': 404 })],
  ['GET', '/documents/:id/refuse', answerers],
  ['POST', '/documents/:id/refuse', members({ initiator: 403, admin: 403, owner: 403, 'not asked': 404, 'other organisation': 404 })],
  ['GET', '/documents/:id/sign', answerers],
  [
    'GET',
    '/documents/:id/sign/:session',
    members({ initiator: 403, asked: 404, admin: 403, owner: 403, 'not asked': 404, 'other organisation': 404 }),
  ],
  [
    'POST',
    '/documents/:id/sign/:session',
    members({ initiator: 403, asked: 404, admin: 403, owner: 403, 'not asked': 404, 'other organisation': 404 }),
  ],
  ['GET', '/settings', members({})],
  ['GET', '/settings/key', members({})],
  ['POST', '/settings/key', members({})],
  ['GET', '/settings/sessions', members({})],
  ['POST', '/settings/sessions/end-others', members({})],
  ['POST', '/settings/sessions/:id/end', members({}, 404)],
  ['GET', '/settings/people', managers],
  ['POST', '/settings/people', managers],
  ['POST', '/settings/people/:id/role', managers],
  ['POST', '/settings/people/:id/active', managers],
  ['POST', '/settings/people/:id/password', managers],
  ['POST', '/settings/people/:id/second-factor', managers],
  ['POST', '/settings/directory/sync', managers],
  ['GET', '/settings/directory', managers],
  ['POST', '/settings/directory/test', managers],
  ['POST', '/settings/directory/mapping', managers],
  ['POST', '/settings/directory/preview', managers],
  ...([
    '/',
    '/head',
    '/route',
    '/file',
    '/original',
    '/signatures/:signature.cms',
    '/signatures/:signature.proof.cms',
    '/signatures/:signature.json',
    '/signatures/:signature',
    '/download/zip',
    '/download/pdf',
    '/download/card.pdf',
    '/download/pack.zip',
    '/approve',
    '/refuse',
    '/sign',
  ].map((path) => ['GET', `/invitations/:token${path === '/' ? '' : path}`, all]) as [
    method: 'GET',
    path: string,
    wanted: Record<Who, Wanted>,
  ][]),
  ['POST', '/invitations/:token/approve', all],
  ['POST', '/invitations/:token/signatures/:signature/retry', nobody],
  ['POST', '/invitations/:token/refuse', all],
  ['GET', '/invitations/:token/sign/:session', all],
  ['POST', '/invitations/:token/sign/:session', all],
  ['POST', '/documents/:id/withdraw', members({ asked: 403, 'not asked': 404, 'other organisation': 404 })],
  ['POST', '/sign-out', all],
];

let app: TestApplication;
let documentId: string;
let signatureId: string;
let link: string;
const browsers = {} as Record<Who, Browser>;

beforeAll(async () => {
  app = await TestApplication.start();
  const { ours, theirs } = app;
  const [initiator, asked, notAsked, admin, owner, other, signer] = await Promise.all([
    app.signedIn(ours.people.clerk),
    app.signedIn(ours.people.lawyer),
    app.signedIn(ours.people.user),
    app.signedIn(ours.people.admin),
    app.signedIn(ours.people.owner),
    app.signedIn(theirs.people.owner),
    app.signedIn(ours.people.head),
  ]);
  Object.assign(browsers, {
    visitor: app.visitor(),
    guest: app.visitor(),
    initiator,
    asked,
    'not asked': notAsked,
    admin,
    owner,
    'other organisation': other,
  });
  documentId = await app.draft(initiator, aPdf('access'));
  const guest = { name: 'Guest', email: `access-${Date.now()}@guest.kz`, iin: '990909300999' };
  await app.send(initiator, documentId, [
    { kind: 'sign', rule: 'any', people: [ours.people.head, ours.people.lawyer, guest] }, // one answers, two are needed no more
    { kind: 'approve', people: [ours.people.deputy] },
  ]);
  const key = app.authority.key(ours.people.head);
  await app.sign(signer, `/documents/${documentId}`, (bytes) => signDetached(key, bytes));
  signatureId = /signatures\/([0-9A-Z]{26})\.cms/.exec((await initiator.get(`/documents/${documentId}`)).text)?.[1] ?? '';
  const [mail] = await waitForMails(guest.email);
  link = /\/invitations\/[A-Za-z0-9_-]{22}/.exec(JSON.stringify(mail))?.[0] ?? '';
});
afterAll(() => app.stop());

const fill = (path: string): string =>
  path
    .replace('/invitations/:token', link)
    .replace(':signature', signatureId)
    .replace(':participant', '01ARZ3NDEKTSV4RRFFQ69G5FAV')
    .replace(':item', '01ARZ3NDEKTSV4RRFFQ69G5FAV')
    .replace(':name', 'unheard_of')
    .replace(':phone', '01ARZ3NDEKTSV4RRFFQ69G5FAV')
    .replace(':session', '01ARZ3NDEKTSV4RRFFQ69G5FAV')
    .replace(':code', 'AAAAAAAAAAAAAAAAAAAAAA')
    .replace(/(documents)\/:id/, `$1/${documentId}`)
    .replace(':id', '01ARZ3NDEKTSV4RRFFQ69G5FAV');

const cases = matrix
  .filter(([, path]) => path !== '/sign-out')
  .flatMap(([method, path, wanted]) => everybody.map((who) => [who, method, path, wanted[who]] as const));

test.each(cases)('%s: %s %s → %s', async (who, method, path, wanted) => {
  const browser = browsers[who];
  const target = fill(path);
  if (method === 'POST' && browser.csrf === '') await browser.get('/check');
  const answer =
    method === 'GET'
      ? await browser.get(target)
      : await browser.post(target, { command: app.deps.newId() }, { htmx: path.startsWith('/documents/') });
  const toSignIn = (answer.status === 303 || answer.status === 401) && answer.location.startsWith('/sign-in');
  expect(answer.status).toBeLessThan(500);
  if (wanted === 'sign-in') expect([answer.status, toSignIn]).toEqual([answer.status, true]);
  else if (wanted === 'in') {
    if (!path.startsWith('/sign-in') && path !== '/') expect(toSignIn).toBe(false);
    expect([401, 403]).not.toContain(answer.status);
  } else expect(answer.status).toBe(wanted);
  if (wanted !== 'in') expect(answer.text).not.toContain('access.pdf');
});

test('a form without its token, with another visitor’s token or from a foreign site is refused', async () => {
  const { initiator, owner } = browsers;
  const path = `/documents/${documentId}/remind`;
  const command = app.deps.newId();
  expect((await initiator.post(path, { _csrf: '', command })).status).toBe(403);
  expect((await initiator.post(path, { _csrf: owner.csrf, command })).status).toBe(403);
  expect((await initiator.post(path, { command }, { headers: { 'Sec-Fetch-Site': 'cross-site' } })).status).toBe(403);
  expect((await initiator.post(path, { command }, { headers: { Origin: 'https://evil.example' } })).status).toBe(403);
  expect((await initiator.upload('/uploads', { _csrf: 'x', command }, [{ name: 'a.pdf', bytes: aPdf() }])).status).toBe(403);
});

test('every route of the application stands in the matrix', () => {
  const known = new Set(matrix.map(([method, path]) => `${method} ${path}`));
  const missing = routesOf(app).filter((route) => !known.has(route));
  expect(missing).toEqual([]);
});

type Layer = {
  route?: { path: string; methods: Record<string, boolean> };
  name: string;
  handle: { stack?: Layer[] };
  matchers?: ((path: string) => { path: string } | false)[];
};

/** Routes as registered; routers mounted under a prefix are found by trying the two prefixes in use. */
function routesOf({ deps }: TestApplication): string[] {
  const express = createApp(deps);
  const found: string[] = [];
  const walk = (stack: Layer[], prefix: string): void => {
    for (const layer of stack) {
      if (layer.route)
        for (const method of Object.keys(layer.route.methods))
          found.push(`${method.toUpperCase()} ${prefix}${layer.route.path === '/' && prefix ? '' : layer.route.path}`);
      else if (layer.handle.stack) walk(layer.handle.stack, prefix + prefixOf(layer));
    }
  };
  walk((express as unknown as { router: Router & { stack: Layer[] } }).router.stack, '');
  return found;
}

function prefixOf(layer: Layer): string {
  const match = layer.matchers?.[0];
  if (!match || match('/zzz/x')) return '';
  if (match('/documents/x/y')) return '/documents/:id';
  return match('/invitations/x/y') ? '/invitations/:token' : '';
}
