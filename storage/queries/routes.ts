import type { Lang } from '../../domain/languages';
import type { Participant, ParticipantState, Route, RouteState, Stage, StageKind, StageRule } from '../../domain/routes/route';
import { change, insert, select, selectOne } from '../sql';
import type { Db, Tx } from '../db';

/** Who a participant is, frozen when the route was sent; the workflow never sees it. */
export type ParticipantCard = { id: string; name: string; position: string; email: string | null; iin: string | null; language: string };

type RouteRow = {
  id: string;
  document_id: string;
  organisation_id: string;
  initiator_id: string;
  file_id: string;
  attempt: number;
  rev: number;
  state: RouteState;
  current: number;
  message: string;
  remind_every_ms: string | number | null;
  reminded_at: Date | null;
  asked_at: Date;
  started_at: Date;
  ended_at: Date | null;
};

type StageRow = { route_id: string; position: number; kind: StageKind; rule: StageRule; due_at: Date | null };
type ParticipantRow = {
  id: string;
  route_id: string;
  stage: number;
  place: number;
  person_id: string | null;
  name: string;
  position: string;
  email: string | null;
  iin: string | null;
  language: string;
  state: ParticipantState;
  asked_at: Date | null;
  answered_at: Date | null;
  remark: string | null;
};

const dateOrNull = (ms: number | null): Date | null => (ms === null ? null : new Date(ms));

/** Stores a route that has just been sent. `route` is already open: its first stage is asked. */
export async function insertRoute(
  tx: Tx,
  route: Route,
  facts: { fileId: string; message: string; people: ReadonlyMap<string, ParticipantCard>; at: Date },
): Promise<void> {
  await insert(tx, 'routes', [
    {
      id: route.id,
      document_id: route.documentId,
      organisation_id: route.organisationId,
      initiator_id: route.initiatorId,
      file_id: facts.fileId,
      attempt: route.attempt,
      rev: route.rev,
      state: route.state,
      current: route.current,
      message: facts.message,
      remind_every_ms: route.remindEveryMs,
      reminded_at: null,
      asked_at: facts.at,
      started_at: facts.at,
    },
  ]);
  await insert(
    tx,
    'route_stages',
    route.stages.map((s, position) => ({ route_id: route.id, position, kind: s.kind, rule: s.rule, due_at: dateOrNull(s.dueAt) })),
  );
  const rows = route.stages.flatMap((stage, position) =>
    stage.participants.map((p, place) => {
      const card = facts.people.get(p.id);
      if (!card) throw new Error(`participant ${p.id} has no card`);
      return {
        id: p.id,
        route_id: route.id,
        document_id: route.documentId,
        organisation_id: route.organisationId,
        stage: position,
        place,
        person_id: p.personId,
        name: card.name,
        position: card.position,
        email: card.email,
        iin: card.iin,
        language: card.language,
        state: p.state,
        asked_at: p.state === 'asked' ? facts.at : null,
      };
    }),
  );
  await insert(tx, 'route_participants', rows);
}

/** The state of one route as the rules see it, or null. */
export async function loadRoute(db: Db, routeId: string): Promise<Route | null> {
  const row = await selectOne<RouteRow>(db, 'SELECT * FROM routes WHERE id = :routeId', { routeId });
  return row && (await withStages(db, row)).route;
}

/** The route of a row, and the rows of its people in the order of stages and places. */
async function withStages(db: Db, row: RouteRow): Promise<{ route: Route; people: ParticipantRow[] }> {
  const of = { routeId: row.id };
  const stages = await select<StageRow>(db, 'SELECT * FROM route_stages WHERE route_id = :routeId ORDER BY position', of);
  const people = await select<ParticipantRow>(db, 'SELECT * FROM route_participants WHERE route_id = :routeId ORDER BY stage, place', of);
  const route: Route = {
    id: row.id,
    documentId: row.document_id,
    organisationId: row.organisation_id,
    initiatorId: row.initiator_id,
    attempt: row.attempt,
    rev: row.rev,
    state: row.state,
    current: row.current,
    stages: stages.map((s): Stage => ({
      kind: s.kind,
      rule: s.rule,
      dueAt: s.due_at?.getTime() ?? null,
      participants: people
        .filter((p) => p.stage === s.position)
        .map((p): Participant => ({ id: p.id, personId: p.person_id, state: p.state })),
    })),
    remindEveryMs: row.remind_every_ms === null ? null : Number(row.remind_every_ms),
    remindedAt: row.reminded_at?.getTime() ?? null,
    askedAt: row.asked_at.getTime(),
  };
  return { route, people };
}

/** Writes what changed between two states of a route; false when the stored one is no longer `before` (its `rev` has moved on). */
export async function saveRoute(
  tx: Tx,
  before: Route,
  after: Route,
  at: Date,
  remark: { participantId: string; text: string } | null,
): Promise<boolean> {
  const changed = await change(
    tx,
    `UPDATE routes SET rev = :rev, state = :state, current = :current, reminded_at = :remindedAt, asked_at = :askedAt,
       ended_at = :endedAt WHERE id = :id AND rev = :expected`,
    {
      rev: after.rev,
      state: after.state,
      current: after.current,
      remindedAt: dateOrNull(after.remindedAt),
      askedAt: new Date(after.askedAt),
      endedAt: after.state === 'active' ? null : at,
      id: after.id,
      expected: before.rev,
    },
  );
  if (changed === 0) return false;
  for (const [position, stage] of after.stages.entries()) {
    const old = before.stages[position];
    if (old && old.dueAt !== stage.dueAt) {
      await change(tx, 'UPDATE route_stages SET due_at = :dueAt WHERE route_id = :id AND position = :position', {
        dueAt: dateOrNull(stage.dueAt),
        id: after.id,
        position,
      });
    }
  }
  const changes = changedParticipants(before, after);
  if (changes.length > 0) await saveParticipants(tx, changes, at);
  if (remark)
    await change(tx, 'UPDATE route_participants SET remark = :text WHERE id = :id', { text: remark.text, id: remark.participantId });
  return true;
}

type Changed = { id: string; state: ParticipantState };

function changedParticipants(before: Route, after: Route): Changed[] {
  const was = new Map(before.stages.flatMap((s) => s.participants.map((p) => [p.id, p.state] as const)));
  return after.stages.flatMap((s) => s.participants.filter((p) => was.get(p.id) !== p.state).map(({ id, state }) => ({ id, state })));
}

/** Writes all changed places in one statement; the moment of asking and answering goes with the state. */
async function saveParticipants(tx: Tx, changes: readonly Changed[], at: Date): Promise<void> {
  const idsIn = (...states: ParticipantState[]): string[] => ['', ...changes.filter((c) => states.includes(c.state)).map((c) => c.id)];
  const cases = changes.map((_, i) => `WHEN :id_${i} THEN :state_${i}`).join(' ');
  await change(
    tx,
    `UPDATE route_participants SET state = CASE id ${cases} END, asked_at = IF(id IN (:asked), :at, asked_at),
       answered_at = IF(id IN (:answered), :at, answered_at) WHERE id IN (:ids)`,
    {
      ...Object.fromEntries(changes.flatMap((c, i) => [[`id_${i}`, c.id] as const, [`state_${i}`, c.state] as const])),
      asked: idsIn('asked'),
      answered: idsIn('done', 'refused'),
      ids: changes.map((c) => c.id),
      at,
    },
  );
}

export type RoutePage = {
  route: Route;
  fileId: string;
  message: string;
  startedAt: Date;
  endedAt: Date | null;
  people: Map<string, ParticipantCard & { askedAt: Date | null; answeredAt: Date | null; remark: string | null }>;
};

/** One attempt of a document with everything its page shows, or null. */
export async function routeOfDocument(db: Db, documentId: string, attempt: number): Promise<RoutePage | null> {
  const row = await selectOne<RouteRow>(db, 'SELECT * FROM routes WHERE document_id = :documentId AND attempt = :attempt', {
    documentId,
    attempt,
  });
  if (!row) return null;
  const { route, people } = await withStages(db, row);
  return {
    route,
    fileId: row.file_id,
    message: row.message,
    startedAt: row.started_at,
    endedAt: row.ended_at,
    people: new Map(
      people.map((p) => [
        p.id,
        {
          id: p.id,
          name: p.name,
          position: p.position,
          email: p.email,
          iin: p.iin,
          language: p.language,
          askedAt: p.asked_at,
          answeredAt: p.answered_at,
          remark: p.remark,
        },
      ]),
    ),
  };
}

/** All attempts of a document, oldest first. */
export const attemptsOf = (db: Db, documentId: string): Promise<{ attempt: number; state: RouteState; startedAt: Date }[]> =>
  select(db, 'SELECT attempt, state, started_at AS startedAt FROM routes WHERE document_id = :documentId ORDER BY attempt', { documentId });

/** The attempts of a document in which a member has been asked, oldest first. */
export const attemptsAsked = async (db: Db, documentId: string, personId: string): Promise<number[]> =>
  (
    await select<{ attempt: number }>(
      db,
      `SELECT DISTINCT r.attempt FROM route_participants p JOIN routes r ON r.id = p.route_id
        WHERE p.document_id = :documentId AND p.person_id = :personId AND p.asked_at IS NOT NULL ORDER BY r.attempt`,
      { documentId, personId },
    )
  ).map((row) => Number(row.attempt));

export type ParticipantRecord = ParticipantCard & {
  routeId: string;
  documentId: string;
  organisationId: string;
  personId: string | null;
  stage: number;
  attempt: number;
};

/** One participant with the route it stands on, or null. */
export const participantById = (db: Db, id: string): Promise<ParticipantRecord | null> =>
  selectOne<ParticipantRecord>(
    db,
    `SELECT p.id, p.name, p.position, p.email, p.iin, p.language, p.route_id AS routeId, p.document_id AS documentId, p.organisation_id AS organisationId,
            p.person_id AS personId, p.stage, r.attempt
       FROM route_participants p JOIN routes r ON r.id = p.route_id WHERE p.id = :id`,
    { id },
  );

/** Routes that should be running, in pages by id. */
export const liveRoutes = (db: Db, afterId: string, limit: number): Promise<{ id: string; documentId: string; attempt: number }[]> =>
  select(
    db,
    "SELECT id, document_id AS documentId, attempt FROM routes WHERE state = 'active' AND id > :afterId ORDER BY id LIMIT :limit",
    { afterId, limit },
  );

/** What mails and derived files say of a route's document, its organisation and its initiator. */
export type RouteAbout = {
  title: string;
  number: string;
  /** `dd.mm.yyyy` */
  documentDate: string | null;
  checkHash: Buffer;
  attempt: number;
  organisation: string;
  bin: string;
  initiatorId: string;
  initiatorName: string;
  initiatorEmail: string | null;
  initiatorLanguage: Lang;
};

/** The same for one route; null when it is gone. */
export const routeAbout = (db: Db, routeId: string): Promise<RouteAbout | null> =>
  selectOne(
    db,
    `SELECT d.title, d.number, DATE_FORMAT(d.doc_date, '%d.%m.%Y') AS documentDate, d.check_hash AS checkHash, r.attempt,
            o.name AS organisation, o.bin, p.id AS initiatorId, p.name AS initiatorName, p.email AS initiatorEmail,
            p.language AS initiatorLanguage
       FROM routes r JOIN documents d ON d.id = r.document_id JOIN organisations o ON o.id = r.organisation_id
            JOIN people p ON p.id = r.initiator_id
      WHERE r.id = :routeId`,
    { routeId },
  );

/** Somebody a route may write to: a participant, or its initiator, whose id is a person's. */
export type RouteRecipient = {
  id: string;
  participantId: string | null;
  personId: string | null;
  email: string | null;
  language: Lang;
};

/** These participants and the initiator, in one query. */
export const recipientsOf = (tx: Tx, participantIds: readonly string[], initiatorId: string): Promise<RouteRecipient[]> =>
  select(
    tx,
    `SELECT id, id AS participantId, person_id AS personId, email, language FROM route_participants WHERE id IN (:ids)
     UNION ALL SELECT id, NULL, id, email, language FROM people WHERE id = :initiatorId`,
    { ids: participantIds.length > 0 ? participantIds : [''], initiatorId },
  );
