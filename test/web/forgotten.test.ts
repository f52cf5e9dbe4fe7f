import { createActivities } from '../../activities';
import { decide, type RouteCommand } from '../../domain/routes/decide';
import { activityDeps } from '../../services/open-deps';
import { routeOfDocument } from '../../storage/queries/routes';
import { change, select } from '../../storage/sql';
import { TestApplication, type TestPerson } from '../support/application';
import { until } from '../support/until';

// Worker and Temporal die between the transaction of a command and the word of it: the record has moved, its run knows nothing.
let app: TestApplication;
let deps: ReturnType<typeof activityDeps>;
let activities: ReturnType<typeof createActivities>;

beforeAll(async () => {
  app = await TestApplication.start();
  deps = activityDeps(app.config, 2);
  activities = createActivities(deps);
});
afterAll(async () => {
  await deps.db.destroy();
  await app.stop();
});

/** Stores what a person decided as the run's own activity does, past the run. */
async function decidePast(documentId: string, person: TestPerson, kind: 'approve' | 'withdraw'): Promise<void> {
  const page = await routeOfDocument(app.deps.db, documentId, 1);
  if (!page) throw new Error('there is no route');
  const participant = page.route.stages.flatMap((s) => s.participants).find((p) => p.personId === person.id);
  const by = { kind: 'member', personId: person.id, organisationId: app.ours.id, role: 'employee' } as const;
  const at = Date.now();
  const command: RouteCommand = kind === 'withdraw' ? { kind, by, at } : { kind, by, participantId: participant?.id ?? '', at };
  const decision = decide(page.route, command);
  if (!decision.ok) throw new Error(decision.code);
  const { next, effects } = decision;
  const applied = await activities.applyRoute({ commandId: app.deps.newId(), command, before: page.route, next, effects });
  if (!applied.ok) throw new Error(applied.code);
}

const unsent = (documentId: string): Promise<{ state: string }[]> =>
  select(app.deps.db, "SELECT state FROM mail_deliveries WHERE document_id = :documentId AND state <> 'sent'", { documentId });
const everyMailSent = (documentId: string): Promise<unknown> =>
  until('every mail to be sent', async () => (await unsent(documentId)).length === 0);

test('the next person is heard though the run has forgotten the one before, and nobody goes without a mail', async () => {
  const { clerk, lawyer, head } = app.ours.people;
  const [from, second] = [await app.signedIn(clerk), await app.signedIn(head)];
  const id = await app.draft(from);
  await app.send(from, id, [
    { kind: 'approve', people: [lawyer] },
    { kind: 'approve', people: [head] },
  ]);
  await decidePast(id, lawyer, 'approve');
  expect((await unsent(id)).length).toBeGreaterThan(0);
  const form = await second.get(`/documents/${id}/approve`);
  expect((await second.post(`/documents/${id}/approve`, { command: form.value('command') })).status).toBe(303);
  expect(await app.stateOf(id)).toBe('signed');
  await everyMailSent(id);
});

test('housekeeping has a run whose end was forgotten read the record: its mails are sent', async () => {
  const { clerk, lawyer } = app.ours.people;
  const from = await app.signedIn(clerk);
  const id = await app.draft(from);
  await app.send(from, id, [{ kind: 'approve', people: [lawyer] }]);
  await everyMailSent(id);
  await decidePast(id, clerk, 'withdraw');
  expect((await unsent(id)).length).toBeGreaterThan(0);
  await activities.wakeForgottenRoutes();
  expect((await unsent(id)).length).toBeGreaterThan(0); // young ones are still under way somewhere
  await change(app.deps.db, "UPDATE mail_deliveries SET created_at = '2020-01-01' WHERE document_id = :id AND state = 'queued'", { id });
  expect((await activities.wakeForgottenRoutes()).woken).toBe(1);
  await everyMailSent(id);
});
