import { groupSender } from '../../integrations/temporal/groups';
import { countsOf, groupById, itemsIn } from '../../storage/queries/groups';
import { change, select } from '../../storage/sql';
import { TestApplication, type TestOrganisation } from '../support/application';
import type { TestKey } from '../support/authority';
import type { Browser } from '../support/browser';
import { allowGroups, GroupClient, sendMany, type SentDocument } from '../support/groups';
import { until } from '../support/until';

let app: TestApplication;
let ours: TestOrganisation;
let clerk: Browser;
let head: Browser;
let owner: Browser;
let key: TestKey;
let otherKey: TestKey;

beforeAll(async () => {
  app = await TestApplication.start();
  ({ ours } = app);
  [clerk, head, owner] = await Promise.all([
    app.signedIn(ours.people.clerk),
    app.signedIn(ours.people.head),
    app.signedIn(ours.people.owner),
  ]);
  key = app.authority.key(ours.people.head);
  otherKey = app.authority.key(ours.people.head);
});
afterAll(() => app.stop());

const groupState = async (group: GroupClient): Promise<string> => (await groupById(app.deps.db, group.id))?.state ?? 'missing';
const untilClosed = (group: GroupClient, state = 'done'): Promise<unknown> =>
  until(`group in state ${state}`, async () => (await groupState(group)) === state);

/** Documents sent to the head, who has chosen them into a group. */
async function chosen(count: number, purpose: 'answer' | 'refuse' = 'answer'): Promise<{ sent: SentDocument[]; group: GroupClient }> {
  const sent = await sendMany(app, clerk, ours.people.head, count);
  const ids = sent.map(({ id }) => id);
  return { sent, group: (await GroupClient.choose(app, head, ids, purpose)).group };
}
/** The same, begun: the first chunk waits for its signatures. */
async function begun(count: number) {
  const { sent, group } = await chosen(count);
  await group.start();
  const chunk = await group.next();
  return { sent, group, chunk, items: chunk.items.map(({ id }) => id) };
}

describe('while the module is off', () => {
  test('the list offers no choice and a group is refused', async () => {
    const [one] = await sendMany(app, clerk, ours.people.head, 1);
    expect((await head.get('/to-sign')).text).not.toContain('data-choose');
    const { answer } = await GroupClient.choose(app, head, [one?.id ?? '']);
    expect(answer.status).toBe(403);
  });

  test('only those who run the cabinet switch it on', async () => {
    expect((await head.get('/settings/modules')).status).toBe(403);
    expect((await head.post('/settings/modules/group_signing', { command: app.deps.newId(), on: 'yes' })).status).toBe(403);
    expect((await owner.post('/settings/modules/unheard_of', { command: app.deps.newId(), on: 'yes' })).status).toBe(404);
    await allowGroups(app, owner);
    expect((await owner.get('/settings/modules')).text).toContain('Включён');
    expect((await head.get('/to-sign')).text).toContain('data-choose');
  });
});

describe('with the module on', () => {
  beforeAll(() => allowGroups(app, owner));

  test('signatures and approvals of one group act on their own routes, and the group closes', async () => {
    const signs = await sendMany(app, clerk, ours.people.head, 3, 'sign');
    const approves = await sendMany(app, clerk, ours.people.head, 2, 'approve');
    const { answer, group } = await GroupClient.choose(
      app,
      head,
      [...signs, ...approves].map(({ id }) => id),
    );
    expect(answer.location).toBe(group.base);
    const page = await head.get(group.base);
    expect(page.text).toContain('3 подписать');
    expect(page.text).toContain('2 согласовать');
    expect((await group.start()).location).toBe(group.base);
    const chunk = await group.next();
    expect(chunk.items).toHaveLength(3);
    const signatures = await group.cmsOf(chunk, () => key);
    // In another order: a signature finds its document by what it covers.
    const answered = await group.give({ items: chunk.items.map(({ id }) => id), signatures: signatures.reverse() });
    expect(answered.outcomes.map(({ state }) => state)).toEqual(['done', 'done', 'done']);
    for (const { id } of [...signs, ...approves]) await app.untilState(id, 'signed');
    await untilClosed(group);
    expect(await group.next()).toMatchObject({ items: [], counts: { done: 5 } }); // a browser that asks once more is told so
    const over = await head.get(group.base);
    expect(over.text).toContain('Группа обработана');
    expect(over.text).toContain('Готово: 5 документов');
    const actions = await select<{ action: string }>(app.deps.db, 'SELECT action FROM audit WHERE entity_id = :id ORDER BY seq', {
      id: group.id,
    });
    expect(actions.map(({ action }) => action)).toEqual(['group.started', 'group.done']);
  });

  test('one certificate signs the batch: another key of the same person is refused document by document', async () => {
    const { group, chunk, items } = await begun(4);
    const answered = await group.give({
      items,
      signatures: await group.cmsOf(chunk, (i) => (i === 2 ? otherKey : key)),
    });
    expect(answered.outcomes.map(({ state }) => state)).toEqual(['done', 'done', 'failed', 'done']);
    expect(answered.outcomes[2]?.text).toContain('другим ключом');
    await untilClosed(group);
    const page = await head.get(group.base);
    expect(page.text).toContain('Готово 3 из 4');
    // What was not signed can be put into a new group.
    const again = app.deps.newId();
    const answer = await head.post('/groups', { command: again, again: group.id, do: 'answer' });
    expect(answer.location).toBe(`/groups/${again}`);
    expect(await countsOf(app.deps.db, again)).toMatchObject({ total: 1, waiting: 1 });
  });

  test('a key that will not do is refused before anything happens, and another can be chosen', async () => {
    const { group, chunk, items } = await begun(2);
    const wrong = app.authority.key(ours.people.deputy);
    const refused = await group.give({ items, signatures: await group.cmsOf(chunk, () => wrong) });
    expect(refused.key).toContain('друг');
    expect(refused.outcomes.map(({ state }) => state)).toEqual(['waiting', 'waiting']);
    const retried = await group.next();
    const done = await group.give({ items, signatures: await group.cmsOf(retried, () => key) });
    expect(done.outcomes.map(({ state }) => state)).toEqual(['done', 'done']);
  });

  test('a document withdrawn or answered meanwhile has its own outcome, the others go on', async () => {
    const { sent, group } = await chosen(3);
    await group.start();
    const withdraw = async (id: string) => clerk.post(`/documents/${id}/withdraw`, { command: app.deps.newId(), remark: 'ошибка' });
    expect((await withdraw(sent[0]?.id ?? '')).status).toBe(303);
    const chunk = await group.next();
    expect(chunk.items).toHaveLength(2);
    const signatures = await group.cmsOf(chunk, () => key);
    const bad = (await itemsIn(app.deps.db, group.id, ['waiting'])).find(({ id }) => id === chunk.items[1]?.id);
    expect((await withdraw(bad?.documentId ?? '')).status).toBe(303);
    const answered = await group.give({ items: chunk.items.map(({ id }) => id), signatures });
    expect(answered.outcomes.map(({ state }) => state)).toEqual(['done', 'failed']);
    await untilClosed(group);
    const failed = await itemsIn(app.deps.db, group.id, ['failed']);
    expect(failed.map(({ code }) => code)).toEqual(['route.ended', 'route.ended']);
  });

  test('the same chunk posted again changes nothing; a partial one leaves the rest waiting', async () => {
    const { group, chunk, items } = await begun(3);
    const signatures = await group.cmsOf(chunk, () => key);
    const part = { items, signatures: signatures.slice(0, 1), isPartial: true };
    const first = await group.give(part);
    expect(first.outcomes.map(({ state }) => state)).toEqual(['done', 'waiting', 'waiting']);
    expect((await group.give(part)).counts).toEqual(first.counts);
    expect(first.unsigned).toBe(2);
    const rest = await group.next();
    expect(rest.items.map(({ id }) => id)).toEqual(items.slice(1));
    // A program that says it signed all and sent one: the other one is named.
    const last = await group.give({ items: items.slice(1), signatures: (await group.cmsOf(rest, () => key)).slice(0, 1) });
    expect(last.outcomes.map(({ text }) => text)).toEqual(['Готово', expect.stringContaining('не прислал')]);
  });

  test('noise instead of signatures and foreign items are told, not swallowed', async () => {
    const { group, items } = await begun(1);
    const answered = await group.give({ items, signatures: ['AAAA'], isPartial: true });
    expect(answered.outcomes.map(({ state }) => state)).toEqual(['waiting']);
    expect((await group.give({ items: [app.deps.newId()], signatures: [] })).outcomes).toEqual([]);
    const bad = await head.postBody(`${group.base}/signatures`, '{"items": 1}', { 'Content-Type': 'application/json' });
    expect(bad.status).toBe(400);
  });

  test('many are refused with one remark, each by its own command', async () => {
    const { sent, group } = await chosen(3, 'refuse');
    const empty = await group.start({ remark: ' ' });
    expect(empty.status).toBe(422);
    expect(empty.text).toContain('aria-invalid="true"');
    expect((await group.start({ remark: 'Нет сметы' })).status).toBe(303);
    for (const { id } of sent) await app.untilState(id, 'refused');
    await untilClosed(group);
    const commands = await select<{ id: string }>(
      app.deps.db,
      "SELECT c.id FROM commands c JOIN signing_group_items i ON i.command_id = c.id WHERE i.group_id = :id AND c.kind = 'route.refuse'",
      { id: group.id },
    );
    expect(commands).toHaveLength(3);
    expect((await head.get(group.base)).text).toContain('Нет сметы');
  });

  test('everything the filter shows can be chosen, and items left out before the start', async () => {
    await sendMany(app, clerk, ours.people.head, 2, 'sign', 'Отбор');
    const command = app.deps.newId();
    await head.post('/groups', { command, do: 'answer', all: '1', q: 'Отбор' });
    const items = await itemsIn(app.deps.db, command, ['waiting']);
    expect(items).toHaveLength(2);
    // A repeat of the form is the same group.
    expect((await head.post('/groups', { command, do: 'answer', all: '1', q: 'Отбор' })).location).toBe(`/groups/${command}`);
    expect(await itemsIn(app.deps.db, command, ['waiting'])).toHaveLength(2);
    const remove = `/groups/${command}/items/${items[0]?.id}/remove`;
    expect((await head.post(remove, { command: app.deps.newId() })).status).toBe(303);
    const fragment = await head.post(`/groups/${command}/items/${items[1]?.id}/remove`, { command: app.deps.newId() }, { htmx: true });
    expect(fragment.text).toContain('В списке не осталось документов');
    expect((await new GroupClient(app, head, command).start()).status).toBe(422);
    expect((await head.get(`/groups/${command}/items/${items[1]?.id}/look`, { htmx: true })).status).toBe(404);
  });

  test('an empty or foreign choice is refused in words', async () => {
    const foreign = await GroupClient.choose(app, owner, [app.deps.newId()]);
    expect(foreign.answer.status).toBe(422);
    expect(foreign.answer.text).toContain('Ни один из выбранных');
  });

  test('a group is its maker’s alone', async () => {
    const sent = await sendMany(app, clerk, ours.people.head, 1);
    const { group } = await GroupClient.choose(app, head, [sent[0]?.id ?? '']);
    for (const path of [group.base, `${group.base}/work`]) expect((await owner.get(path)).status).toBe(404);
    expect((await owner.post(`${group.base}/start`, { command: app.deps.newId() })).status).toBe(404);
    expect((await head.get('/to-sign')).text).toContain(`href="${group.base}"`);
  });

  test('a stopped group keeps what was signed and says what was not', async () => {
    const { group } = await chosen(2);
    await group.start();
    const chunk = await group.next('1');
    await group.give({ items: chunk.items.map(({ id }) => id), signatures: await group.cmsOf(chunk, () => key) });
    expect((await head.post(`${group.base}/stop`, { command: app.deps.newId() })).location).toBe(group.base);
    expect((await head.get(group.base)).text).toContain('1 документ остался без ответа');
    expect((await head.post(`${group.base}/next`, {})).status).toBe(409);
    expect(await groupState(group)).toBe('stopped');
  });

  test('signatures are kept before the first acts: when Temporal is away nobody signs again', async () => {
    const { group, chunk, items } = await begun(3);
    const signatures = await group.cmsOf(chunk, () => key);
    const away = jest.spyOn(app.deps.send, 'command').mockResolvedValue({ kind: 'down' });
    const answered = await group.give({ items, signatures });
    away.mockRestore();
    expect(answered.outcomes.map(({ state }) => state)).toEqual(['sent', 'sent', 'sent']);
    await change(app.deps.db, "UPDATE signing_group_items SET sent_at = '2020-01-01' WHERE group_id = :id", { id: group.id });
    const record = await groupById(app.deps.db, group.id);
    if (!record) throw new Error('no group');
    await groupSender(app.deps.temporal.client).nudge(record);
    await untilClosed(group);
    expect(await countsOf(app.deps.db, group.id)).toMatchObject({ done: 3, waiting: 0 });
  });

  test('a signature kept before the web process died reaches its route by itself', async () => {
    const { group, chunk } = await begun(2);
    const signatures = await group.cmsOf(chunk, () => key);
    // The first: signed and stored, its command sent, the outcome never written. The second: marked as sent and never stored.
    await group.give({ items: [chunk.items[0]?.id ?? ''], signatures: signatures.slice(0, 1) });
    const forgotten = "UPDATE signing_group_items SET state = 'sent', sent_at = '2020-01-01', decided_at = NULL WHERE group_id = :id";
    await change(app.deps.db, forgotten, { id: group.id });
    const record = await groupById(app.deps.db, group.id);
    if (!record) throw new Error('no group');
    await groupSender(app.deps.temporal.client).nudge(record);
    await until('the outcomes are learned', async () => (await countsOf(app.deps.db, group.id)).sent === 0);
    expect(await countsOf(app.deps.db, group.id)).toMatchObject({ done: 1, waiting: 1 });
    const rest = await group.next();
    await group.give({ items: rest.items.map(({ id }) => id), signatures: await group.cmsOf(rest, () => key) });
    await untilClosed(group);
  });
});
