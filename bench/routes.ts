import { type Client, WithStartWorkflowOperation } from '@temporalio/client';
import type { Workflow } from '@temporalio/common';
import { secretKeysOf } from '../domain/secret-keys';
import { openTemporal } from '../integrations/temporal/client';
import { type Outcome, routeSender, type RouteSender } from '../integrations/temporal/send';
import { table } from '../scripts/launcher/table';
import { newId } from '../storage/ids';
import { routeOfDocument } from '../storage/queries/routes';
import { selectOne } from '../storage/sql';
import type { RouteSaved } from '../workflows/contracts/route';
import { bareQueue } from './bare-worker';
import { type BenchInstallation, startInstallation } from './installation';
import { emptySeries, measured, printResult, quantile, rounded, type Series, timed } from './measure';
import { type BenchPerson, makeDraft, makePeople, password } from './routes-data';
import { WebClient } from './web-client';
import { type Db, openDatabase } from '../storage/db';

const participants = 3;
/** Callers at once in the second part. */
const callers = 8;
/** Kense and the bare workflow take turns in so many rounds, so that a busy moment of the machine meets both. */
const rounds = 10;

/** Everything the measures need. */
type Bench = {
  db: Db;
  client: Client;
  send: RouteSender;
  initiators: BenchPerson[];
  approvers: BenchPerson[];
  browsers: Map<string, WebClient>;
};

function done(outcome: Outcome<RouteSaved>): void {
  if (outcome.kind !== 'done') throw new Error(`a command was not done: ${JSON.stringify(outcome)}`);
}

type Answered = (document: string, participantId: string, person: BenchPerson) => Promise<void>;

const approveBySender =
  ({ send }: Bench): Answered =>
  async (documentId, participantId, by) =>
    done(await send.command({ documentId, attempt: 1 }, newId(), { kind: 'approve', by, participantId, at: Date.now() }));

const approveByWeb =
  ({ browsers }: Bench): Answered =>
  (documentId, _participantId, { personId }) =>
    browsers.get(personId)!.command(`/documents/${documentId}/approve`, { command: newId(), remark: '' });

/** One route from sending to its end; openings and answers are timed apart. */
async function runRoute(bench: Bench, documentId: string, answer: Answered, opens: Series, answers: Series): Promise<void> {
  const [initiator] = bench.initiators;
  if (!initiator) throw new Error('nobody to send');
  const at = Date.now();
  await timed(opens.ms, async () =>
    done(await bench.send.open({ kind: 'open', commandId: newId(), documentId, attempt: 1, rev: 1, by: initiator, at })),
  );
  const page = await routeOfDocument(bench.db, documentId, 1);
  for (const participant of page?.route.stages[0]?.participants ?? []) {
    const person = bench.approvers.find((p) => p.personId === participant.personId);
    if (person) await timed(answers.ms, () => answer(documentId, participant.id, person));
  }
}

/** The same number of the same requests on the bare workflow. */
async function runBare({ client }: Bench, opens: Series, answers: Series): Promise<void> {
  const workflowId = `bare-${newId()}`;
  const startWorkflowOperation = new WithStartWorkflowOperation('bareWorkflow', {
    workflowId,
    taskQueue: bareQueue,
    args: [1 + participants],
    workflowIdConflictPolicy: 'USE_EXISTING',
    workflowIdReusePolicy: 'REJECT_DUPLICATE',
  });
  await timed(opens.ms, () =>
    client.workflow.executeUpdateWithStart<Workflow, number, [string]>('bareUpdate', {
      updateId: newId(),
      args: [newId()],
      startWorkflowOperation,
    }),
  );
  const handle = client.workflow.getHandle(workflowId);
  for (let i = 0; i < participants; i++)
    await timed(answers.ms, () => handle.executeUpdate<number, [string]>('bareUpdate', { updateId: newId(), args: [newId()] }));
}

/** Waits until no mail is on its way, so that one round's mails do not slow down the next. */
async function untilMailsAreSent(db: Db): Promise<void> {
  const waiting = "SELECT id FROM mail_deliveries WHERE state IN ('queued', 'retrying') LIMIT 1";
  while (await selectOne(db, waiting)) await new Promise((resolve) => setTimeout(resolve, 50));
}

type Pair = { kense: { opens: Series; answers: Series }; bare: { opens: Series; answers: Series } };

/** Routes and bare workflows in turns, `lanes` at once. */
async function comparison(bench: Bench, routes: number, lanes: number, answer: Answered): Promise<Pair> {
  const pair: Pair = {
    kense: { opens: emptySeries(), answers: emptySeries() },
    bare: { opens: emptySeries(), answers: emptySeries() },
  };
  const perRound = Math.max(1, Math.round(routes / rounds));
  for (let made = 0; made < routes; made += perRound) {
    const documents: string[] = [];
    for (let i = 0; i < perRound; i++) documents.push(await makeDraft(bench.db, bench.initiators[0]!, bench.approvers));
    const { kense, bare } = pair;
    await measured(
      kense.answers,
      documents.map((id) => () => runRoute(bench, id, answer, kense.opens, kense.answers)),
      lanes,
    );
    await untilMailsAreSent(bench.db);
    await measured(
      bare.answers,
      documents.map(() => () => runBare(bench, bare.opens, bare.answers)),
      lanes,
    );
  }
  return pair;
}

const perSecond = ({ opens, answers }: Pair['kense']): number => ((opens.ms.length + answers.ms.length) / answers.wallMs) * 1000;
const row = (title: string, one: Pair['kense']): string[] => [
  title,
  perSecond(one).toFixed(1),
  quantile(one.answers.ms, 0.5).toFixed(1),
  quantile(one.answers.ms, 0.95).toFixed(1),
  quantile(one.opens.ms, 0.5).toFixed(1),
  quantile(one.opens.ms, 0.95).toFixed(1),
];

const ratioOf = ({ kense, bare }: Pair, kind: 'opens' | 'answers'): number =>
  rounded(quantile(kense[kind].ms, 0.5) / quantile(bare[kind].ms, 0.5));

async function openBench({ settings, url }: BenchInstallation): Promise<Bench & { close(): Promise<void> }> {
  const db = openDatabase({ url: settings['KENSE_DATABASE_URL']!, poolMax: 10, keys: secretKeysOf(settings['KENSE_SECRET_KEY']!) });
  const temporal = { address: settings['KENSE_TEMPORAL_ADDRESS']!, namespace: settings['KENSE_TEMPORAL_NAMESPACE']! };
  const { client, connection } = openTemporal(temporal, secretKeysOf(settings['KENSE_SECRET_KEY']!));
  const people = await makePeople(db, 1 + participants);
  const browsers = new Map<string, WebClient>();
  for (const person of people) {
    const browser = new WebClient(url);
    await browser.signIn(person.login, password);
    browsers.set(person.personId, browser);
  }
  return {
    db,
    client,
    send: routeSender(client),
    initiators: people.slice(0, 1),
    approvers: people.slice(1),
    browsers,
    async close() {
      await connection.close();
      await db.destroy();
    },
  };
}

/** Measures commands of routes against bare Updates. `--small`: 20 routes instead of 200 in each part. */
export async function main(args: readonly string[]): Promise<void> {
  const routes = args.includes('--small') ? 20 : 200;
  const installation = await startInstallation();
  try {
    const bench = await openBench(installation);
    await comparison(bench, rounds, 2, approveBySender(bench)); // both workers warm up
    const one = await comparison(bench, routes, 1, approveBySender(bench));
    const many = await comparison(bench, routes, callers, approveBySender(bench));
    const web = await comparison(bench, routes, 1, approveByWeb(bench));
    await bench.close();
    console.log(`\n${routes} routes of ${participants} participants in each part; times in milliseconds\n`);
    console.log(
      table(
        ['', 'commands/s', 'answer p50', 'p95', 'opening p50', 'p95'],
        [
          row('bare workflow, 1 caller', one.bare),
          row('route, 1 caller', one.kense),
          row(`bare workflow, ${callers} callers`, many.bare),
          row(`route, ${callers} callers`, many.kense),
          row('bare workflow, beside the web part', web.bare),
          row('route answered by HTTP POST, 1 caller', web.kense),
        ],
      ),
    );
    const ratios = {
      command_time_vs_bare_update: ratioOf(one, 'answers'),
      opening_time_vs_bare_update_with_start: ratioOf(one, 'opens'),
      command_time_vs_bare_update_8_callers: ratioOf(many, 'answers'),
      web_command_time_vs_bare_update: ratioOf(web, 'answers'),
    };
    console.log(`\nAn answer takes ${ratios.command_time_vs_bare_update} × a bare Update (p50, 1 caller; aim 1.5), `);
    console.log(`through the whole web path ${ratios.web_command_time_vs_bare_update} ×.\n`);
    printResult('routes', ratios, {
      routes,
      commands_per_s: rounded(perSecond(one.kense), 1),
      bare_per_s: rounded(perSecond(one.bare), 1),
      commands_per_s_8_callers: rounded(perSecond(many.kense), 1),
      bare_per_s_8_callers: rounded(perSecond(many.bare), 1),
      answer_p50_ms: rounded(quantile(one.kense.answers.ms, 0.5), 1),
      answer_p95_ms: rounded(quantile(one.kense.answers.ms, 0.95), 1),
      bare_p50_ms: rounded(quantile(one.bare.answers.ms, 0.5), 1),
      bare_p95_ms: rounded(quantile(one.bare.answers.ms, 0.95), 1),
      web_p50_ms: rounded(quantile(web.kense.answers.ms, 0.5), 1),
      web_p95_ms: rounded(quantile(web.kense.answers.ms, 0.95), 1),
    });
  } finally {
    await installation.stop();
  }
}
