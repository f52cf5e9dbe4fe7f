import path from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { decide, type RouteCommand } from '../../domain/routes/decide';
import { openRoute as planRoute } from '../../domain/routes/open';
import type { Route } from '../../domain/routes/route';
import { clientConverter, workerConverter } from '../../integrations/temporal/client';
import { routeSender, routeWorkflowId } from '../../integrations/temporal/send';
import { root } from '../../services/root';
import { newId } from '../../storage/ids';
import type { Applied, ApplyRoute, OpenRoute, RoutePolicy } from '../../workflows/contracts/route';
import { historySecret, recordHistory } from '../support/histories';
import { serverEnv } from '../support/servers';
import { freshNamespace } from '../support/temporal';
import { until } from '../support/until';

// The workflow on the real server, its activities played by this record in memory.

const secret = historySecret;
const policy: RoutePolicy = { mailPatienceMs: 2_000, maxHistoryEvents: 4_000, openPatienceMs: 60_000 };
const initiator = { kind: 'member', personId: 'initiator', organisationId: 'org', role: 'employee' } as const;
const member = (personId: string) => ({ kind: 'member', personId, organisationId: 'org', role: 'employee' }) as const;

let connection: NativeConnection;
let clientConnection: Connection;
let client: Client;
let namespace: string;

/** A record whose behaviour a test may change. */
class Book {
  readonly routes = new Map<string, Route>();
  readonly commands = new Map<string, Applied>();
  readonly mails: string[] = [];
  readonly givenUp: string[] = [];
  applications = 0;
  dueInMs: number | null = null;
  remindEveryMs: number | null = null;
  failMail = false;
  /** Commands whose mails wait, as a repeat of a stored command is told. */
  unsent: string[] = [];
  beforeApply: (input: ApplyRoute) => Promise<void> | void = () => undefined;

  activities() {
    const once = (id: string, work: () => Applied): Applied => {
      const done = this.commands.get(id);
      if (done?.ok) return { ...done, route: this.routes.get(done.route.documentId) ?? done.route, unsent: this.unsent };
      const made = work();
      this.commands.set(id, made);
      return made;
    };
    return {
      openRoute: (input: OpenRoute): Promise<Applied> =>
        Promise.resolve(
          once(input.commandId, () => {
            const people = ['first', 'second', 'third'].map((personId) => ({ kind: 'member' as const, personId }));
            const draft = {
              stages: people.map((p) => ({ kind: 'approve' as const, rule: 'all' as const, due: null, people: [p] })),
              message: '',
              remindDays: null,
            };
            let n = 0;
            const { route } = planRoute(
              draft,
              {
                id: `r-${input.documentId}`,
                documentId: input.documentId,
                organisationId: 'org',
                initiatorId: 'initiator',
                attempt: input.attempt,
                at: Date.now(),
              },
              () => `p${n++}`,
            );
            const timed: Route = {
              ...route,
              remindEveryMs: this.remindEveryMs,
              stages: route.stages.map((s) => ({ ...s, dueAt: this.dueInMs === null ? null : Date.now() + this.dueInMs })),
            };
            this.routes.set(input.documentId, timed);
            return { ok: true, route: timed, hasMail: true };
          }),
        ),
      applyRoute: async (input: ApplyRoute): Promise<Applied> => {
        await this.beforeApply(input);
        return once(input.commandId, () => {
          this.applications++; // what is stored; an attempt may be repeated when its worker was lost
          const stored = this.routes.get(input.next.documentId);
          if (stored && stored.rev !== input.before.rev) return { ok: false, code: 'route.conflict', current: stored };
          this.routes.set(input.next.documentId, input.next);
          return { ok: true, route: input.next, hasMail: input.effects.length > 0 };
        });
      },
      loadRoute: ({ documentId }: { documentId: string }) => {
        const route = this.routes.get(documentId);
        return route
          ? Promise.resolve({ route, unsent: ['left-behind'] })
          : Promise.reject(ApplicationFailure.nonRetryable('no such route', 'RouteMissing'));
      },
      deliverMails: ({ commandId }: { commandId: string }) => {
        if (this.failMail) return Promise.reject(ApplicationFailure.retryable('mail server is away', 'MailWaits'));
        this.mails.push(commandId);
        return Promise.resolve();
      },
      giveUpMails: ({ commandId }: { commandId: string }) => {
        this.givenUp.push(commandId);
        return Promise.resolve();
      },
    };
  }
}

async function withWorker<T>(book: Book, work: () => Promise<T>, bundle = path.join(root, 'dist', 'workflow-bundle.js')): Promise<T> {
  const shared = { connection, namespace, dataConverter: workerConverter(secret), activities: book.activities() };
  const workers = await Promise.all([
    Worker.create({ ...shared, taskQueue: 'flow', workflowBundle: { codePath: bundle } }),
    Worker.create({ ...shared, taskQueue: 'io' }),
  ]);
  const running = Promise.all(workers.map((w) => w.run()));
  try {
    return await work();
  } finally {
    for (const w of workers) w.shutdown();
    await running;
  }
}

const opening = (documentId: string, commandId = newId()): OpenRoute => ({
  kind: 'open',
  commandId,
  documentId,
  attempt: 1,
  rev: 1,
  by: initiator,
  at: Date.now(),
});

const approve = (person: string, participantId: string): RouteCommand => ({
  kind: 'approve',
  by: member(person),
  participantId,
  at: Date.now(),
});

const describeRun = (documentId: string) => client.workflow.getHandle(routeWorkflowId(documentId, 1)).describe();

beforeAll(async () => {
  Runtime.install({
    shutdownSignals: [],
    logger: new DefaultLogger('ERROR'),
    telemetryOptions: { logging: { forward: {}, filter: 'OFF' } },
  });
  namespace = await freshNamespace();
  connection = await NativeConnection.connect({ address: serverEnv().KENSE_TEMPORAL_ADDRESS ?? '' });
  clientConnection = await Connection.connect({ address: serverEnv().KENSE_TEMPORAL_ADDRESS ?? '' });
  client = new Client({ connection: clientConnection, namespace, dataConverter: clientConverter(secret) });
});
afterAll(async () => {
  await connection.close();
  await clientConnection.close();
});

test('a route runs from its opening to its last answer and then ends', async () => {
  const book = new Book();
  const send = routeSender(client, policy);
  const id = newId();
  await withWorker(book, async () => {
    expect(await send.open(opening(id))).toMatchObject({ kind: 'done', value: { state: 'active', rev: 1 } });
    for (const [person, place] of [
      ['first', 'p0'],
      ['second', 'p1'],
    ] as const)
      expect(await send.command({ documentId: id, attempt: 1 }, newId(), approve(person, place))).toMatchObject({ kind: 'done' });
    expect(await send.command({ documentId: id, attempt: 1 }, newId(), approve('third', 'p2'))).toMatchObject({
      kind: 'done',
      value: { state: 'signed' },
    });
    await until('the run to complete', async () => (await describeRun(id)).status.name === 'COMPLETED');
  });
  expect(book.mails).toHaveLength(4);
  await recordHistory(client, routeWorkflowId(id, 1), 'route', 'signed');
});

test('each refusal comes back with its code and leaves the route as it was', async () => {
  const book = new Book();
  const send = routeSender(client, policy);
  const id = newId();
  await withWorker(book, async () => {
    const route = { documentId: id, attempt: 1 };
    expect(await send.command(route, newId(), approve('first', 'p0'))).toEqual({ kind: 'closed' });
    await send.open(opening(id));
    expect(await send.open(opening(id))).toEqual({ kind: 'refused', code: 'route.already_sent' });
    expect(await send.command(route, newId(), approve('second', 'p0'))).toEqual({ kind: 'refused', code: 'route.forbidden' });
    expect(await send.command(route, newId(), approve('second', 'p1'))).toEqual({ kind: 'refused', code: 'route.not_asked' });
    expect(await send.command(route, newId(), { kind: 'refuse', by: member('first'), participantId: 'p0', remark: ' ', at: 0 })).toEqual({
      kind: 'refused',
      code: 'route.remark_required',
    });
    expect(book.applications).toBe(0);
    expect(await send.command(route, newId(), { kind: 'withdraw', by: initiator, at: Date.now() })).toMatchObject({
      kind: 'done',
      value: { state: 'withdrawn' },
    });
  });
  await recordHistory(client, routeWorkflowId(id, 1), 'route', 'withdrawn-after-refusals');
});

test('the same command twice is one command, also after the run has ended', async () => {
  const book = new Book();
  const send = routeSender(client, policy);
  const id = newId();
  await withWorker(book, async () => {
    const open = opening(id);
    expect(await send.open(open)).toEqual(await send.open(open));
    const command = newId();
    const twice = await Promise.all([
      send.command({ documentId: id, attempt: 1 }, command, approve('first', 'p0')),
      send.command({ documentId: id, attempt: 1 }, command, approve('first', 'p0')),
    ]);
    expect(twice[0]).toEqual(twice[1]);
    expect(book.applications).toBe(1);
    await send.command({ documentId: id, attempt: 1 }, newId(), { kind: 'withdraw', by: initiator, at: Date.now() });
    await until('the run to complete', async () => (await describeRun(id)).status.name === 'COMPLETED');
    expect(await send.open(opening(id))).toEqual({ kind: 'closed' });
  });
});

test('two people answering at the same instant are served one after the other', async () => {
  const book = new Book();
  book.beforeApply = () => new Promise((resolve) => setTimeout(resolve, 50));
  const send = routeSender(client, policy);
  const id = newId();
  await withWorker(book, async () => {
    await send.open(opening(id));
    const route = { documentId: id, attempt: 1 };
    const results = await Promise.all([
      send.command(route, newId(), approve('first', 'p0')),
      send.command(route, newId(), { kind: 'withdraw', by: initiator, at: Date.now() }),
    ]);
    const done = results.filter((r) => r.kind === 'done').length;
    expect([done, book.routes.get(id)?.state]).toEqual(done === 2 ? [2, 'withdrawn'] : [1, 'withdrawn']);
    expect(book.commands.size).toBe(1 + done);
  });
});

test('a record that has moved on without the run wins', async () => {
  const book = new Book();
  const send = routeSender(client, policy);
  const id = newId();
  await withWorker(book, async () => {
    await send.open(opening(id));
    const stored = book.routes.get(id);
    if (!stored) throw new Error('not stored');
    book.routes.set(id, { ...stored, rev: 7 });
    expect(await send.command({ documentId: id, attempt: 1 }, newId(), approve('first', 'p0'))).toEqual({
      kind: 'refused',
      code: 'route.conflict',
    });
    expect(await send.command({ documentId: id, attempt: 1 }, newId(), approve('first', 'p0'))).toMatchObject({
      kind: 'done',
      value: { rev: 8 },
    });
  });
  await recordHistory(client, routeWorkflowId(id, 1), 'route', 'conflict');
});

/** What a run stores and the server then forgets: the record has moved, the run has not. */
function storeUnknown(book: Book, id: string, commandId: string, command: RouteCommand): void {
  const before = book.routes.get(id);
  const decision = before && decide(before, command);
  if (!decision?.ok) throw new Error('the record would not take it');
  book.routes.set(id, decision.next);
  book.commands.set(commandId, { ok: true, route: decision.next, hasMail: true });
}

test('a repeat of a command the run has forgotten brings the mails of everything forgotten', async () => {
  const book = new Book();
  const send = routeSender(client, policy);
  const id = newId();
  await withWorker(book, async () => {
    await send.open(opening(id));
    const forgotten = newId();
    storeUnknown(book, id, forgotten, approve('first', 'p0'));
    storeUnknown(book, id, newId(), approve('second', 'p1'));
    book.unsent = ['of-the-second'];
    const route = { documentId: id, attempt: 1 };
    expect(await send.command(route, forgotten, approve('first', 'p0'))).toMatchObject({ kind: 'done', value: { rev: 3 } });
    book.unsent = [];
    expect(await send.command(route, newId(), approve('third', 'p2'))).toMatchObject({ kind: 'done', value: { state: 'signed' } });
    await until('the run to complete', async () => (await describeRun(id)).status.name === 'COMPLETED');
    expect(book.mails).toEqual(expect.arrayContaining([forgotten, 'of-the-second']));
    await recordHistory(client, routeWorkflowId(id, 1), 'route', 'repeat-of-a-forgotten-command');
  });
});

test('a run that is behind the record reads it when the sender says so', async () => {
  const book = new Book();
  const send = routeSender(client, policy);
  const id = newId();
  await withWorker(book, async () => {
    await send.open(opening(id));
    storeUnknown(book, id, newId(), approve('first', 'p0'));
    const route = { documentId: id, attempt: 1 };
    const command = newId();
    expect(await send.command(route, command, approve('second', 'p1'))).toEqual({ kind: 'refused', code: 'route.not_asked' });
    const again = await send.command(route, command, approve('second', 'p1'), { isBehind: true });
    expect(again).toMatchObject({ kind: 'done', value: { rev: 3 } });
    await until('the mails that were left', () => book.mails.includes('left-behind'));
    await recordHistory(client, routeWorkflowId(id, 1), 'route', 'behind');
  });
});

test('told to look, a run whose end was forgotten sends what was left and ends; one that has ended does so once more', async () => {
  const book = new Book();
  const send = routeSender(client, policy);
  const id = newId();
  const route = { documentId: id, attempt: 1 };
  const ended = () => until('the run to complete', async () => (await describeRun(id)).status.name === 'COMPLETED');
  await withWorker(book, async () => {
    await send.open(opening(id));
    storeUnknown(book, id, newId(), { kind: 'withdraw', by: initiator, at: Date.now() });
    await send.look(route);
    await ended();
    expect(book.mails.filter((mail) => mail === 'left-behind')).toHaveLength(1);
    await recordHistory(client, routeWorkflowId(id, 1), 'route', 'looked');
    await send.look(route);
    await until('the mails once more', () => book.mails.filter((mail) => mail === 'left-behind').length === 2);
    await ended();
  });
});

test('a deadline closes the route, reminders come before it', async () => {
  const book = new Book();
  book.dueInMs = 2_500;
  book.remindEveryMs = 700;
  const send = routeSender(client, policy);
  const id = newId();
  await withWorker(book, async () => {
    await send.open(opening(id));
    await until('the route to expire', () => book.routes.get(id)?.state === 'expired');
    await until('the run to complete', async () => (await describeRun(id)).status.name === 'COMPLETED');
  });
  const kinds = [...book.commands.keys()].map((k) => k.split('-')[0]);
  expect(kinds.filter((k) => k === 'remind').length).toBeGreaterThanOrEqual(1);
  expect(kinds.filter((k) => k === 'expire')).toHaveLength(1);
  await recordHistory(client, routeWorkflowId(id, 1), 'route', 'reminded-and-expired');
});

test('a dead mail server holds up neither answers nor the end, and its mails are given up in time', async () => {
  const book = new Book();
  book.failMail = true;
  const send = routeSender(client, { ...policy, mailPatienceMs: 1_500 });
  const id = newId();
  await withWorker(book, async () => {
    const open = opening(id);
    await send.open(open);
    expect(await send.command({ documentId: id, attempt: 1 }, newId(), { kind: 'withdraw', by: initiator, at: Date.now() })).toMatchObject({
      kind: 'done',
    });
    await until('the mails to be given up', () => book.givenUp.includes(open.commandId));
    await until('the run to complete', async () => (await describeRun(id)).status.name === 'COMPLETED');
  });
  await recordHistory(client, routeWorkflowId(id, 1), 'route', 'mail-given-up');
});

test('a worker lost in the middle of a command: another one finishes it, once', async () => {
  const book = new Book();
  const send = routeSender(client, policy);
  const id = newId();
  const route = { documentId: id, attempt: 1 };
  const command = newId();
  await withWorker(book, () => send.open(opening(id)));
  const pending = send.command(route, command, approve('first', 'p0'));
  await new Promise((resolve) => setTimeout(resolve, 300));
  // The server waits up to ten seconds for the lost worker before it turns to another: a stubborn sender asks again with the same id.
  await withWorker(book, async () => {
    await pending;
    await until('the command to be done', async () => (await send.command(route, command, approve('first', 'p0'))).kind === 'done', 30_000);
  });
  expect(book.applications).toBe(1);
  await recordHistory(client, routeWorkflowId(id, 1), 'route', 'worker-lost');
});

test('a long route continues as new and loses nothing', async () => {
  const book = new Book();
  const send = routeSender(client, { ...policy, maxHistoryEvents: 30 });
  const id = newId();
  const route = { documentId: id, attempt: 1 };
  await withWorker(book, async () => {
    await send.open(opening(id));
    const first = (await describeRun(id)).runId;
    for (let i = 1; i <= 8; i++) {
      const outcome = await send.command(route, newId(), {
        kind: 'extend',
        by: initiator,
        position: 2,
        dueAt: Date.now() + i * 86_400_000,
        at: Date.now(),
      });
      expect(outcome).toMatchObject({ kind: 'done', value: { rev: 1 + i } });
    }
    await until('a new run', async () => (await describeRun(id)).runId !== first);
    expect(await send.command(route, newId(), approve('first', 'p0'))).toMatchObject({ kind: 'done', value: { rev: 10 } });
  });
  await recordHistory(client, routeWorkflowId(id, 1), 'route', 'continued-as-new');
});

test('a run lost with Temporal is started again from the record and sends what was left unsent', async () => {
  const book = new Book();
  const send = routeSender(client, policy);
  const id = newId();
  await withWorker(book, async () => {
    await send.open(opening(id));
    expect(await send.resume({ documentId: id, attempt: 1 })).toBe(false);
    await client.workflow.getHandle(routeWorkflowId(id, 1)).terminate();
    expect(await send.command({ documentId: id, attempt: 1 }, newId(), approve('first', 'p0'))).toEqual({ kind: 'closed' });
    expect(await send.resume({ documentId: id, attempt: 1 })).toBe(true);
    expect(await send.command({ documentId: id, attempt: 1 }, newId(), approve('first', 'p0'))).toMatchObject({ kind: 'done' });
    await until('the mails left behind', () => book.mails.includes('left-behind'));
  });
  await recordHistory(client, routeWorkflowId(id, 1), 'route', 'resumed');
});

test('a run that lost its opening takes the route over from the record with the first command', async () => {
  const book = new Book();
  const send = routeSender(client, policy);
  const id = newId();
  const route = { documentId: id, attempt: 1 };
  await withWorker(book, async () => {
    await send.open(opening(id));
    await client.workflow.getHandle(routeWorkflowId(id, 1)).terminate();
    // A run that was started for the opening, of which the server then forgot everything.
    await client.workflow.start('routeWorkflow', {
      workflowId: routeWorkflowId(id, 1),
      taskQueue: 'flow',
      args: [{ documentId: id, attempt: 1, policy }],
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    });
    expect(await send.command(route, newId(), approve('first', 'p0'))).toMatchObject({ kind: 'done', value: { rev: 2 } });
    await until('the mails left behind', () => book.mails.includes('left-behind'));
  });
  await recordHistory(client, routeWorkflowId(id, 1), 'route', 'recalled');
});

test('without Temporal the door is shut', async () => {
  const away = new Client({
    connection: Connection.lazy({ address: '127.0.0.1:1', connectTimeout: '300ms' }),
    namespace,
    dataConverter: clientConverter(secret),
  });
  expect(await routeSender(away, policy).command({ documentId: newId(), attempt: 1 }, newId(), approve('first', 'p0'))).toEqual({
    kind: 'down',
  });
});

test('what stands in the history cannot be read without the key', async () => {
  const book = new Book();
  const send = routeSender(client, policy);
  const id = newId();
  await withWorker(book, async () => {
    await send.open(opening(id));
    await send.command({ documentId: id, attempt: 1 }, newId(), {
      kind: 'refuse',
      by: member('first'),
      participantId: 'p0',
      remark: 'a-very-secret-remark',
      at: Date.now(),
    });
  });
  const bare = new Client({ connection: clientConnection, namespace });
  const history = await bare.workflow.getHandle(routeWorkflowId(id, 1)).fetchHistory();
  const raw = Buffer.concat((history.events ?? []).map((e) => Buffer.from(JSON.stringify(e))));
  expect(raw.includes('a-very-secret-remark')).toBe(false);
  expect(raw.includes(Buffer.from('a-very-secret-remark').toString('base64'))).toBe(false);
});
