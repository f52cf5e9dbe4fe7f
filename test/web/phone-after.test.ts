import { advancePhone } from '../../services/phone/advance';
import { phoneSender } from '../../integrations/temporal/phone';
import { receivePut } from '../../services/phone/arrival';
import { phoneById, phoneItems, sweepPhones } from '../../storage/queries/phone';
import { change } from '../../storage/sql';
import { aPdf, TestApplication } from '../support/application';
import type { TestKey } from '../support/authority';
import type { Browser } from '../support/browser';
import { sendMany } from '../support/groups';
import { waitForMails } from '../support/mail';
import { openPhone, scan, signAndPut, stageIn } from '../support/phone';
import { until } from '../support/until';

// What happens around the protocol: people without an account, and what a crash leaves.
let app: TestApplication;
let clerk: Browser;
let head: Browser;
let key: TestKey;
let strangers: TestKey;

beforeAll(async () => {
  app = await TestApplication.start();
  [clerk, head] = await Promise.all([app.signedIn(app.ours.people.clerk), app.signedIn(app.ours.people.head)]);
  key = app.authority.key(app.ours.people.head);
  strangers = app.authority.key(app.ours.people.lawyer);
});
afterAll(() => app.stop());

type Opened = { documentId: string; url: string; id: string };
async function aSession(): Promise<Opened> {
  const [document] = await sendMany(app, clerk, app.ours.people.head, 1, 'sign', 'Phone');
  const { url, id } = await openPhone(head, `/documents/${document!.id}/phone`);
  return { documentId: document!.id, url, id };
}

const advance = (id: string) => advancePhone(app.deps, id);
const stateOf = async (id: string): Promise<string> => (await phoneById(app.deps.db, id))?.state ?? 'missing';
const stageOf = async (session: { url: string }): Promise<string> => stageIn(await head.get(session.url, { htmx: true }));
const make = (id: string, what: string): Promise<number> => change(app.deps.db, `UPDATE phone_sessions SET ${what} WHERE id = :id`, { id });

describe('people from outside', () => {
  const invite = async (): Promise<{ link: string; guest: { name: string; email: string; iin: string }; documentId: string }> => {
    const guest = { name: 'Guest', email: `phone-${app.deps.newId().toLowerCase()}@guest.kz`, iin: '990909300999' };
    const documentId = await app.draft(clerk, aPdf(`outside ${Math.random()}`));
    await app.send(clerk, documentId, [{ kind: 'sign', people: [guest] }]);
    const [mail] = await waitForMails(guest.email);
    return { guest, documentId, link: /\/invitations\/[A-Za-z0-9_-]{22}/.exec(JSON.stringify(mail))?.[0] ?? '' };
  };

  test('are not offered the phone until their host switches it on', async () => {
    const { link } = await invite();
    expect((await app.visitor().get(`${link}/sign`)).text).not.toContain(`${link}/phone`);
    expect((await app.visitor().get(`${link}/phone`)).status).toBe(403);
  });

  test('then sign without an account, and nobody else does it for them', async () => {
    const owner = await app.signedIn(app.ours.people.owner);
    expect((await owner.post('/settings/modules/outside_phone', { command: app.deps.newId(), on: 'yes' })).status).toBe(303);
    const { link, guest, documentId } = await invite();
    const visitor = app.visitor();
    expect((await visitor.get(`${link}/sign`)).text).toContain(`${link}/phone`);
    const { id, page } = await openPhone(visitor, `${link}/phone`);
    expect(page.text).toContain('Есть замечания к документу?');
    const walk = await scan(app, id, strangers);
    expect((await signAndPut(walk, strangers)).status).toBe(403);
    const again = await openPhone(visitor, `${link}/phone`);
    const own = app.authority.key(guest);
    expect((await signAndPut(await scan(app, again.id, own), own)).status).toBe(200);
    await app.untilState(documentId, 'signed');
    expect(stageIn(await visitor.get(again.url))).toBe('signed');
    const other = await invite();
    expect((await app.visitor().get(`${other.link}/phone/${again.id}`)).status).toBe(404);
  });

  test('a link revoked meanwhile stops the phone too', async () => {
    const { link, guest, documentId } = await invite();
    const { id } = await openPhone(app.visitor(), `${link}/phone`);
    const own = app.authority.key(guest);
    const walk = await scan(app, id, own);
    await change(
      app.deps.db,
      'UPDATE invitations SET revoked_at = UTC_TIMESTAMP(3) WHERE participant_id = (SELECT id FROM route_participants WHERE document_id = :documentId)',
      { documentId },
    );
    expect((await signAndPut(walk, own)).status).toBe(403);
    expect(await app.stateOf(documentId)).toBe('in-signing');
  });
});

describe('after a crash', () => {
  const settleNow = (id: string): Promise<unknown> => make(id, "state = 'checking', checking_at = '2026-01-01 00:00:00', ended_at = NULL");

  test('nothing had been kept: the phone may send it again', async () => {
    const session = await aSession();
    const walk = await scan(app, session.id, key);
    await settleNow(session.id);
    expect(await advance(session.id)).toEqual({ state: 'idle' });
    expect(await stateOf(session.id)).toBe('given');
    expect((await signAndPut(walk, key)).status).toBe(200);
  });

  test('a signature that was kept but whose answer nobody heard is brought to its route', async () => {
    const session = await aSession();
    const walk = await scan(app, session.id, key);
    const unheard = { ...app.deps, send: { ...app.deps.send, command: () => Promise.resolve({ kind: 'unknown' as const }) } };
    const found = await phoneById(app.deps.db, session.id);
    expect(await receivePut(unheard, phoneSender(app.deps.temporal.client), found!, walk.phone.sign(walk.data, key))).toEqual({
      kind: 'accepted',
    });
    expect(await stageOf(session)).toBe('checking');
    expect(await app.stateOf(session.documentId)).toBe('in-signing');
    expect(await advance(session.id)).toEqual({ state: 'busy' }); // left alone for a while
    await make(session.id, "checking_at = '2026-01-01 00:00:00'");
    expect(await advance(session.id)).toEqual({ state: 'closed' });
    expect(await stageOf(session)).toBe('signed');
    await app.untilState(session.documentId, 'signed');
  });

  test('the route had it already: the session learns so', async () => {
    const session = await aSession();
    await signAndPut(await scan(app, session.id, key), key);
    await settleNow(session.id);
    await change(app.deps.db, "UPDATE phone_items SET state = 'sent' WHERE phone_id = :id", { id: session.id });
    expect(await advance(session.id)).toEqual({ state: 'closed' });
    expect(await stateOf(session.id)).toBe('signed');
  });

  test('a session whose time is over is ended by its run', async () => {
    const session = await aSession();
    await make(session.id, "expires_at = '2026-01-01 00:00:00'");
    await advance(session.id); // or its own run, should that look at this very moment
    expect(await stateOf(session.id)).toBe('expired');
    expect(await advance(session.id)).toEqual({ state: 'closed' });
  });

  test('what is long over is forgotten, what is not stays', async () => {
    const [old, fresh] = [await aSession(), await aSession()];
    await make(old.id, "expires_at = '2026-01-01 00:00:00', state = 'expired'");
    await sweepPhones(app.deps.db, new Date());
    expect([await stateOf(old.id), await stateOf(fresh.id)]).toEqual(['missing', 'created']);
    expect(await phoneItems(app.deps.db, old.id)).toEqual([]);
  });

  test('every session has its run', async () => {
    const session = await aSession();
    await until(
      'the run',
      async () => (await app.deps.temporal.client.workflow.getHandle(`qr-${session.id}`).describe()).status.name === 'RUNNING',
    );
    await signAndPut(await scan(app, session.id, key), key);
    await until(
      'its end',
      async () => (await app.deps.temporal.client.workflow.getHandle(`qr-${session.id}`).describe()).status.name === 'COMPLETED',
    );
  });
});
