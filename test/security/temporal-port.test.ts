import { Client, Connection } from '@temporalio/client';
import { defaultDataConverter, type Payload, type PayloadCodec } from '@temporalio/common';
import { routeWorkflowId } from '../../integrations/temporal/send';
import { select } from '../../storage/sql';
import { type RouteMessage, routeUpdateName } from '../../workflows/contracts/route';
import { TestApplication } from '../support/application';
import { serverEnv } from '../support/servers';

// Whoever reaches Temporal's port, without the installation's secret: an own client, with nothing of ours in it.
let app: TestApplication;
let connection: Connection;

beforeAll(async () => {
  app = await TestApplication.start({ phone: false });
  connection = await Connection.connect({ address: serverEnv()['KENSE_TEMPORAL_ADDRESS']! });
});
afterAll(async () => {
  await connection.close();
  await app.stop();
});

/** A route that waits for the lawyer to approve. */
async function waitingRoute(): Promise<string> {
  const clerk = await app.signedIn(app.ours.people.clerk);
  const id = await app.draft(clerk);
  await app.send(clerk, id, [{ kind: 'approve', people: [app.ours.people.lawyer] }]);
  await app.untilState(id, 'in-signing');
  return id;
}

const stranger = (codec?: PayloadCodec): Client =>
  new Client({
    connection,
    namespace: app.config.temporal.namespace,
    dataConverter: codec ? { ...defaultDataConverter, payloadCodecs: [codec] } : defaultDataConverter,
  });

/** Sends these bytes as they are, whatever the client made. */
const sending = (payload: Payload): PayloadCodec => ({
  encode: (payloads) => Promise.resolve(payloads.map(() => payload)),
  decode: (payloads) => Promise.resolve(payloads),
});

async function approvalBy(personId: string, documentId: string): Promise<RouteMessage> {
  const [asked] = await select<{ id: string }>(
    app.deps.db,
    'SELECT id FROM route_participants WHERE document_id = :documentId AND person_id = :personId',
    { documentId, personId },
  );
  const by = { kind: 'member' as const, personId, organisationId: app.ours.id, role: 'employee' as const };
  const commandId = app.deps.newId();
  return { kind: 'command', commandId, command: { kind: 'approve', by, participantId: asked?.id ?? '', at: Date.now() } };
}

/** What of a person's answers is in the record. */
const answersTo = async (documentId: string): Promise<string[]> =>
  (await app.auditActions(documentId)).filter((action) => ['route.approved', 'route.signed', 'route.refused'].includes(action));

/** The bytes of the last Update a route took, as everybody with the port reads them in its history; and how many there were. */
async function updatesOf(documentId: string): Promise<Payload[]> {
  const { events } = await stranger().workflow.getHandle(routeWorkflowId(documentId, 1)).fetchHistory();
  return (events ?? []).flatMap(
    (event) => event.workflowExecutionUpdateAcceptedEventAttributes?.acceptedRequest?.input?.args?.payloads ?? [],
  );
}

test('a command that was not encrypted is refused, and nothing of it is stored', async () => {
  const id = await waitingRoute();
  const message = await approvalBy(app.ours.people.lawyer.id, id);
  const handle = stranger().workflow.getHandle(routeWorkflowId(id, 1));
  await expect(handle.executeUpdate(routeUpdateName, { updateId: message.commandId, args: [message] })).rejects.toThrow();
  expect(await answersTo(id)).toEqual([]);
  expect(await select(app.deps.db, 'SELECT id FROM commands WHERE id = :id', { id: message.commandId })).toEqual([]);
});

test('after a refused command the person asked can still answer', async () => {
  const id = await waitingRoute();
  const message = await approvalBy(app.ours.people.lawyer.id, id);
  const handle = stranger().workflow.getHandle(routeWorkflowId(id, 1));
  await expect(handle.executeUpdate(routeUpdateName, { updateId: message.commandId, args: [message] })).rejects.toThrow();
  const lawyer = await app.signedIn(app.ours.people.lawyer);
  expect((await lawyer.post(`/documents/${id}/approve`, { command: app.deps.newId() })).status).toBe(303);
  await app.untilState(id, 'signed');
  expect(await answersTo(id)).toEqual(['route.approved']);
});

test("a command copied from another document's history is refused", async () => {
  const [from, to] = [await waitingRoute(), await waitingRoute()];
  const by = { kind: 'member' as const, personId: app.ours.people.clerk.id, organisationId: app.ours.id, role: 'employee' as const };
  await app.deps.send.command({ documentId: from, attempt: 1 }, app.deps.newId(), { kind: 'withdraw', by, at: Date.now() });
  await app.untilState(from, 'withdrawn');
  const copied = (await updatesOf(from)).at(-1);
  if (!copied) throw new Error('the history holds no Update');
  // a withdrawal names no document: only where it was sent tells what it is about
  const handle = stranger(sending(copied)).workflow.getHandle(routeWorkflowId(to, 1));
  await expect(handle.executeUpdate(routeUpdateName, { updateId: app.deps.newId(), args: ['anything'] })).rejects.toThrow();
  expect(await updatesOf(to)).toHaveLength(1); // the one that sent the document
  expect(await app.stateOf(to)).toBe('in-signing');
});

test('a signal with a payload that was not encrypted does not hold up the route', async () => {
  const id = await waitingRoute();
  await stranger().workflow.getHandle(routeWorkflowId(id, 1)).signal('routeLook', { pretended: true });
  const message = await approvalBy(app.ours.people.lawyer.id, id);
  if (message.kind !== 'command') throw new Error('not a command');
  expect(await app.deps.send.command({ documentId: id, attempt: 1 }, message.commandId, message.command)).toMatchObject({ kind: 'done' });
  await app.untilState(id, 'signed');
});
