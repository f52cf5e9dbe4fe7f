/**
 * Routes under failing parts: people answer documents through the pages while web, worker, Temporal and MariaDB are killed at random
 * moments. Afterwards the record must be as if nothing had happened. Bounded to three minutes with 50 routes and 12 kills;
 * KENSE_FAULT_MINUTES=30 runs ten times as many of both, KENSE_FAULT_SEED=7 draws other routes, moments and victims (1 unless given).
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { secretKeysOf } from '../../domain/secret-keys';
import { openTemporal } from '../../integrations/temporal/client';
import { routeWorkflowId } from '../../integrations/temporal/send';
import { hashPassword } from '../../services/accounts/passwords';
import { verifyAudit } from '../../storage/audit-verify';
import { newId } from '../../storage/ids';
import { createPerson, ensureOrganisation, insertMembership } from '../../storage/queries/people';
import { select } from '../../storage/sql';
import type { Nuc } from '../../scripts/simulators/nuc/server';
import { TestAuthority } from '../support/authority';
import { StubbornPerson, type Told } from '../support/fault-driver';
import { FaultInstallation, victims, type Victim } from '../support/fault-installation';
import { planRoutes, randomFrom, type PlannedRoute, type PlannedStage, type Random } from '../support/fault-plan';
import { say } from '../support/report';
import { until } from '../support/until';
import { type Db, openDatabase, transactions } from '../../storage/db';

const minutes = Number(process.env['KENSE_FAULT_MINUTES'] || 3);
const seed = Number(process.env['KENSE_FAULT_SEED'] || 1);
const routeCount = Math.round((50 / 3) * minutes);
const killsOfEach = Math.max(1, Math.round(minutes));
const inFlight = 8;
const password = 'Correct-horse-1';

let installation: FaultInstallation;
let nuc: Nuc;
let db: Db;
let isDriven = false;
let initiators: StubbornPerson[];
let answerers: StubbornPerson[];
const documents = new Map<string, PlannedRoute>();
const told = (): Told[] => [...initiators, ...answerers].flatMap((person) => person.told);

async function seedPeople(authority: TestAuthority): Promise<void> {
  const passwordHash = await hashPassword(password);
  const now = new Date();
  const people = await transactions(db)(async (tx) => {
    const bin = '150340010215';
    const organisationId = await ensureOrganisation(tx, { bin, name: 'ТОО «Алатау»' }, now);
    const made: StubbornPerson[] = [];
    for (let i = 0; i < 8; i++) {
      const person = { name: `Person ${i}`, email: `person-${i}@alatau.kz`, iin: `90010130000${i}` };
      const login = `person.${i}`;
      const created = await createPerson(tx, person, { login, source: 'local', passwordHash }, now);
      if (created === 'taken') throw new Error(`${login} exists`);
      await insertMembership(tx, { organisationId, ...created, role: 'employee', roleSource: 'hand', position: '' }, now);
      made.push(new StubbornPerson(installation.url, created.personId, login, authority.key({ ...person, bin, organisation: 'Alatau' })));
    }
    return made;
  });
  for (const person of people) await person.signIn(password);
  [initiators, answerers] = [people.slice(0, 2), people.slice(2)];
}

/** Answers until the application says that it is done, or that nothing is left to answer. A refusal is looked at again, as people do. */
async function answer(person: StubbornPerson, document: string, kind: PlannedStage['kind'] | 'refuse'): Promise<void> {
  for (let attempt = 0; attempt < 5; attempt++) {
    const outcome = kind === 'sign' ? await person.sign(document) : await person.decide(document, kind);
    if (outcome === null || outcome.outcome === 'done') return;
  }
  throw new Error(`${person.login} was refused five times (${kind} ${document})`);
}

/** Takes one document from its upload to the planned end. */
async function drive(plan: PlannedRoute, onStep: () => void): Promise<void> {
  const random = randomFrom(plan.seed);
  const think = () => sleep(50 + random() * 400);
  const step = async (work: () => Promise<unknown>): Promise<void> => {
    await think();
    await work();
    onStep();
  };
  const initiator = initiators[plan.initiator]!;
  const people = (places: readonly number[]) => places.map((place) => answerers[place]!);
  const document = await initiator.upload(newId(), `contract ${plan.seed}`);
  documents.set(document, plan);
  await step(() =>
    initiator.send(
      document,
      plan.stages.map((stage) => ({ ...stage, people: people(stage.people) })),
    ),
  );
  for (const [position, stage] of plan.stages.entries()) {
    const isLast = position === plan.stages.length - 1;
    const answering = isLast && plan.end !== 'signed' ? people(stage.people.slice(0, plan.answersBeforeEnd)) : people(stage.people);
    const answers = answering.map((person) => () => step(() => answer(person, document, stage.kind)));
    if (plan.isTogether) await Promise.all(answers.map((each) => each()));
    else for (const each of answers) await each();
    if (isLast && plan.end === 'refused') await step(() => answer(people(stage.people).at(-1)!, document, 'refuse'));
    if (isLast && plan.end === 'withdrawn') await step(() => initiator.decide(document, 'withdraw'));
  }
}

/** When to kill what: each part as often as the others, at moments spread over the steps of all routes. */
function strikes(random: Random, steps: number): { step: number; victim: Victim; delayMs: number }[] {
  const moments = Array.from({ length: victims.length * killsOfEach }, () => Math.floor(steps * (0.02 + random() * 0.83)));
  const order = moments.map((_, i) => ({ victim: victims[i % victims.length]!, weight: random() })).sort((a, b) => a.weight - b.weight);
  moments.sort((a, b) => a - b);
  return moments.map((step, i) => ({ step, victim: order[i]!.victim, delayMs: random() * 300 }));
}

async function driveAll(plans: readonly PlannedRoute[]): Promise<void> {
  const waiting = strikes(
    randomFrom(seed),
    plans.reduce((sum, plan) => sum + plan.steps, 0),
  );
  const kills: Promise<void>[] = [];
  let steps = 0;
  const onStep = (): void => {
    steps++;
    for (let next = waiting[0]; next && next.step <= steps; next = waiting[0]) {
      const { victim, delayMs } = next;
      waiting.shift();
      kills.push(sleep(delayMs).then(() => installation.kill(victim)));
    }
  };
  const queue = [...plans];
  const lane = async (): Promise<void> => {
    for (let plan = queue.shift(); plan; plan = queue.shift()) await drive(plan, onStep);
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
  await Promise.all(kills);
  if (waiting.length > 0) throw new Error(`${waiting.length} kills never happened`);
}

/** Waits until every run has ended, and with it every mail of its route has been sent. */
async function untilRunsEnd(): Promise<void> {
  const { KENSE_TEMPORAL_ADDRESS: address = '', KENSE_TEMPORAL_NAMESPACE: namespace = '', KENSE_SECRET_KEY = '' } = installation.settings;
  const { client, connection } = openTemporal({ address, namespace }, secretKeysOf(KENSE_SECRET_KEY));
  const running = new Set([...documents.keys()].map((id) => routeWorkflowId(id, 1)));
  const look = async (): Promise<boolean> => {
    for (const id of running) if ((await client.workflow.getHandle(id).describe()).status.name === 'COMPLETED') running.delete(id);
    return running.size === 0;
  };
  const tellOfLast = async (): Promise<void> => {
    for (const id of [...running].slice(0, 3)) {
      const { status, historyLength, raw } = await client.workflow.getHandle(id).describe();
      const pending = raw.pendingActivities?.map((a) => `${a.activityType?.name} attempt ${a.attempt}: ${a.lastFailure?.message ?? ''}`);
      say(`${id} is ${status.name} after ${historyLength} events; ${pending?.join('; ') || 'no activity is pending'}`);
    }
  };
  await until('all runs to end', look, 120_000)
    .catch(async (error: unknown) => {
      await tellOfLast();
      throw error;
    })
    .finally(() => connection.close());
}

/** Waits until the proof of every accepted signature has been gathered; an administrator's `reconcile` starts those a killed process left. */
async function untilProved(): Promise<void> {
  await installation.reconcile();
  const left = () =>
    select(
      db,
      "SELECT signature_id, state, attempts, verdict, pending, problem, checked_at, next_at FROM evidence WHERE state <> 'complete'",
    );
  await until('every proof to be complete', async () => (await left()).length === 0, 120_000).catch(async (error: unknown) => {
    say(JSON.stringify((await left()).slice(0, 5)));
    throw error;
  });
}

beforeAll(
  async () => {
    const authority = new TestAuthority();
    nuc = await authority.serve();
    installation = await FaultInstallation.start(authority.pem, nuc.url);
    await installation.untilReady();
    db = openDatabase({
      url: installation.settings['KENSE_DATABASE_URL']!,
      poolMax: 4,
      keys: secretKeysOf(installation.settings['KENSE_SECRET_KEY']!),
    });
    await seedPeople(authority);
    const began = Date.now();
    await driveAll(planRoutes(seed, routeCount, initiators.length, answerers.length));
    const drivenMs = Date.now() - began;
    await installation.untilReady();
    await untilRunsEnd();
    await untilProved();
    isDriven = true;
    const all = told();
    say(
      `${documents.size} routes, ${all.length} commands, ${killsOfEach * victims.length} kills in ${Math.round(drivenMs / 1000)} s; ` +
        `${all.filter((t) => t.tries > 1).length} commands were sent again, ${all.filter((t) => t.outcome === 'refused').length} refused; ` +
        `runs ended after ${Math.round((Date.now() - began) / 1000)} s; ended by themselves: ${installation.ownEnds.join(', ') || 'none'}`,
    );
  },
  (minutes + 3) * 60_000,
); // the proofs of the last signatures may take their time on a busy machine

afterAll(async () => {
  await db?.destroy();
  await nuc?.stop();
  const logs = await installation?.stop();
  if (!isDriven) say(logs);
}, 60_000);

test('every route has ended as its people wanted, and its document with it', async () => {
  const rows = await select<{ id: string; document: string; route: string }>(
    db,
    'SELECT d.id, d.state AS document, r.state AS route FROM documents d LEFT JOIN routes r ON r.document_id = d.id ORDER BY d.id',
  );
  expect(rows).toEqual([...documents].sort().map(([id, plan]) => ({ id, document: plan.end, route: plan.end })));
});

test('what people were told of each command is what the record says: done once with one audit row, or not at all', async () => {
  const rows = await select<{ id: string; audits: number }>(
    db,
    'SELECT c.id, (SELECT COUNT(*) FROM audit a WHERE a.command_id = c.id) AS audits FROM commands c',
  );
  const stored = new Map(rows.map((row) => [row.id, Number(row.audits)]));
  const lines = told().map((t) => ({ kind: t.kind, status: t.status, outcome: t.outcome, audits: stored.get(t.command) ?? 0 }));
  expect(lines).toEqual(lines.map((line) => ({ ...line, audits: line.outcome === 'done' ? 1 : 0 })));
  expect(rows.filter((row) => Number(row.audits) !== 1)).toEqual([]);
});

test('nothing of a route is in the audit log without a command somebody gave, and the log is whole', async () => {
  const rows = await select<{ command: string }>(db, "SELECT command_id AS command FROM audit WHERE action LIKE 'route.%'");
  const done = told().filter((t) => t.outcome === 'done');
  expect(rows.map((row) => row.command).sort()).toEqual(done.map((t) => t.command).sort());
  const { faults } = await verifyAudit(db);
  expect(faults).toEqual([]);
  const [other] = await select<{ n: number }>(
    db,
    `SELECT COUNT(*) AS n FROM audit WHERE action NOT LIKE 'route.%' AND action NOT LIKE 'signature.%'
        AND action NOT IN ('document.viewed', 'document.downloaded')`, // looking is written down too, and is nobody's command
  );
  expect(Number(other?.n)).toBe(documents.size + initiators.length + answerers.length); // uploads and sign-ins
});

test('every accepted signature has its proof, gathered once', async () => {
  const rows = await select<{ verdict: string; level: string }>(db, 'SELECT verdict, level FROM evidence');
  expect(rows).toHaveLength(told().filter((t) => t.outcome === 'done' && t.kind === 'sign').length);
  expect(rows.filter((row) => row.verdict !== 'valid' || row.level !== 'CAdES-LT')).toEqual([]);
});

test('everybody was answered for once, as they did themselves', async () => {
  const rows = await select<{ id: string; document: string; person: string; state: string; signatures: number; kind: string }>(
    db,
    `SELECT p.id, p.document_id AS document, p.person_id AS person, p.state, s.kind,
            (SELECT COUNT(*) FROM signatures g WHERE g.participant_id = p.id AND g.state = 'accepted') AS signatures
       FROM route_participants p JOIN route_stages s ON s.route_id = p.route_id AND s.position = p.stage`,
  );
  const answers = await select<{ details: string }>(
    db,
    "SELECT details FROM audit WHERE action IN ('route.approved', 'route.signed', 'route.refused')",
  );
  const answered = answers.map((a) => (JSON.parse(a.details) as { participant: string }).participant);
  expect(new Set(answered).size).toBe(answered.length);
  const did = new Map(answerers.map((person) => [person.id, person.told.filter((t) => t.outcome === 'done')]));
  for (const row of rows) {
    const own = did.get(row.person)?.filter((t) => t.document === row.document) ?? [];
    const expected = own.map((t) => (t.kind === 'refuse' ? 'refused' : 'done'));
    expect([row.id, expected]).toEqual([row.id, row.state === 'not-needed' ? [] : [row.state]]);
    expect(Number(row.signatures)).toBe(row.kind === 'sign' && row.state === 'done' ? 1 : 0);
  }
});

test('whoever was asked was invited once, and no mail was queued twice or forgotten', async () => {
  const invited = await select<{ id: string; asked: number; mails: number }>(
    db,
    `SELECT p.id, p.asked_at IS NOT NULL AS asked, COUNT(m.id) AS mails FROM route_participants p
       LEFT JOIN mail_deliveries m ON m.participant_id = p.id AND m.template LIKE 'invitation%' GROUP BY p.id, p.asked_at`,
  );
  expect(invited.filter((row) => Number(row.mails) !== Number(row.asked))).toEqual([]);
  const twice = await select(
    db,
    "SELECT command_id FROM mail_deliveries GROUP BY command_id, COALESCE(participant_id, 'initiator'), template HAVING COUNT(*) > 1",
  );
  expect(twice).toEqual([]);
  expect(await select(db, "SELECT id, state, last_error FROM mail_deliveries WHERE state <> 'sent'")).toEqual([]);
});
