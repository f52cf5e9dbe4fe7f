import { type Selectable, sql } from 'kysely';
import type { Lang } from '../../domain/languages';
import type { Participant, ParticipantState, Route, RouteState, Stage } from '../../domain/routes/route';
import type { RouteParticipants, Routes } from '../schema';
import { changes } from '../sql';
import type { Db, Tx } from '../db';

/** Who a participant is, frozen when the route was sent; the workflow never sees it. */
export type ParticipantCard = { id: string; name: string; position: string; email: string | null; iin: string | null; language: Lang };

const dateOrNull = (ms: number | null): Date | null => (ms === null ? null : new Date(ms));

/** Stores a route that has just been sent. `route` is already open: its first stage is asked. */
export async function insertRoute(
  tx: Tx,
  route: Route,
  facts: { fileId: string; message: string; people: ReadonlyMap<string, ParticipantCard>; at: Date },
): Promise<void> {
  const row = {
    id: route.id,
    documentId: route.documentId,
    organisationId: route.organisationId,
    initiatorId: route.initiatorId,
    fileId: facts.fileId,
    attempt: route.attempt,
    rev: route.rev,
    state: route.state,
    current: route.current,
    message: facts.message,
    remindEveryMs: route.remindEveryMs,
    remindedAt: null,
    askedAt: facts.at,
    startedAt: facts.at,
  };
  await tx.insertInto('routes').values(row).execute();
  const stages = route.stages.map((s, position) => ({
    routeId: route.id,
    position,
    kind: s.kind,
    rule: s.rule,
    dueAt: dateOrNull(s.dueAt),
  }));
  if (stages.length > 0) await tx.insertInto('routeStages').values(stages).execute();
  const people = route.stages.flatMap((stage, position) =>
    stage.participants.map((p, place) => {
      const card = facts.people.get(p.id);
      if (!card) throw new Error(`participant ${p.id} has no card`);
      return {
        id: p.id,
        routeId: route.id,
        documentId: route.documentId,
        organisationId: route.organisationId,
        stage: position,
        place,
        personId: p.personId,
        name: card.name,
        position: card.position,
        email: card.email,
        iin: card.iin,
        language: card.language,
        state: p.state,
        askedAt: p.state === 'asked' ? facts.at : null,
      };
    }),
  );
  if (people.length > 0) await tx.insertInto('routeParticipants').values(people).execute();
}

/** The state of one route as the rules see it, or null. */
export async function loadRoute(db: Db, routeId: string): Promise<Route | null> {
  const row = await db.selectFrom('routes').selectAll().where('id', '=', routeId).executeTakeFirst();
  return row ? (await withStages(db, row)).route : null;
}

/** The route of a row, and the rows of its people in the order of stages and places. */
async function withStages(db: Db, row: Selectable<Routes>): Promise<{ route: Route; people: Selectable<RouteParticipants>[] }> {
  const stages = await db.selectFrom('routeStages').selectAll().where('routeId', '=', row.id).orderBy('position').execute();
  const rows = db.selectFrom('routeParticipants').selectAll().where('routeId', '=', row.id);
  const people = await rows.orderBy('stage').orderBy('place').execute();
  const route: Route = {
    id: row.id,
    documentId: row.documentId,
    organisationId: row.organisationId,
    initiatorId: row.initiatorId,
    attempt: row.attempt,
    rev: row.rev,
    state: row.state,
    current: row.current,
    stages: stages.map((s): Stage => ({
      kind: s.kind,
      rule: s.rule,
      dueAt: s.dueAt?.getTime() ?? null,
      participants: people
        .filter((p) => p.stage === s.position)
        .map((p): Participant => ({ id: p.id, personId: p.personId, state: p.state })),
    })),
    remindEveryMs: row.remindEveryMs,
    remindedAt: row.remindedAt?.getTime() ?? null,
    askedAt: row.askedAt.getTime(),
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
  const changed = await changes(
    tx
      .updateTable('routes')
      .set({ rev: after.rev, state: after.state, current: after.current, remindedAt: dateOrNull(after.remindedAt) })
      .set({ askedAt: new Date(after.askedAt), endedAt: after.state === 'active' ? null : at })
      .where('id', '=', after.id)
      .where('rev', '=', before.rev),
  );
  if (changed === 0) return false;
  for (const [position, stage] of after.stages.entries()) {
    const old = before.stages[position];
    if (old && old.dueAt !== stage.dueAt) {
      await tx
        .updateTable('routeStages')
        .set({ dueAt: dateOrNull(stage.dueAt) })
        .where('routeId', '=', after.id)
        .where('position', '=', position)
        .execute();
    }
  }
  const moved = changedParticipants(before, after);
  if (moved.length > 0) await saveParticipants(tx, moved, at);
  if (remark) await tx.updateTable('routeParticipants').set({ remark: remark.text }).where('id', '=', remark.participantId).execute();
  return true;
}

type Changed = { id: string; state: ParticipantState };

function changedParticipants(before: Route, after: Route): Changed[] {
  const was = new Map(before.stages.flatMap((s) => s.participants.map((p) => [p.id, p.state] as const)));
  return after.stages.flatMap((s) => s.participants.filter((p) => was.get(p.id) !== p.state).map(({ id, state }) => ({ id, state })));
}

/** Writes all changed places in one statement; the moment of asking and answering goes with the state. */
async function saveParticipants(tx: Tx, changed: readonly Changed[], at: Date): Promise<void> {
  const idsIn = (...states: ParticipantState[]): string[] => ['', ...changed.filter((c) => states.includes(c.state)).map((c) => c.id)];
  const cases = changed.map((c) => sql`WHEN ${c.id} THEN ${c.state}`);
  const ids = changed.map((c) => c.id);
  await tx
    .updateTable('routeParticipants')
    .set({ state: sql<ParticipantState>`CASE id ${sql.join(cases, sql` `)} END` })
    .set((eb) => ({
      askedAt: eb.case().when('id', 'in', idsIn('asked')).then(at).else(eb.ref('askedAt')).end(),
      answeredAt: eb.case().when('id', 'in', idsIn('done', 'refused')).then(at).else(eb.ref('answeredAt')).end(),
    }))
    .where('id', 'in', ids)
    .execute();
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
  const attempts = db.selectFrom('routes').selectAll().where('documentId', '=', documentId);
  const row = await attempts.where('attempt', '=', attempt).executeTakeFirst();
  if (!row) return null;
  const { route, people } = await withStages(db, row);
  return {
    route,
    fileId: row.fileId,
    message: row.message,
    startedAt: row.startedAt,
    endedAt: row.endedAt,
    people: new Map(
      people.map(({ id, name, position, email, iin, language, askedAt, answeredAt, remark }) => [
        id,
        { id, name, position, email, iin, language, askedAt, answeredAt, remark },
      ]),
    ),
  };
}

/** All attempts of a document, oldest first. */
export const attemptsOf = (db: Db, documentId: string): Promise<{ attempt: number; state: RouteState; startedAt: Date }[]> =>
  db.selectFrom('routes').select(['attempt', 'state', 'startedAt']).where('documentId', '=', documentId).orderBy('attempt').execute();

/** The attempts of a document in which a member has been asked, oldest first. */
export async function attemptsAsked(db: Db, documentId: string, personId: string): Promise<number[]> {
  const rows = await db
    .selectFrom('routeParticipants as p')
    .innerJoin('routes as r', 'r.id', 'p.routeId')
    .select('r.attempt')
    .distinct()
    .where('p.documentId', '=', documentId)
    .where('p.personId', '=', personId)
    .where('p.askedAt', 'is not', null)
    .orderBy('r.attempt')
    .execute();
  return rows.map((row) => row.attempt);
}

export type ParticipantRecord = ParticipantCard & {
  routeId: string;
  documentId: string;
  organisationId: string;
  personId: string | null;
  stage: number;
  attempt: number;
};

/** One participant with the route it stands on, or null. */
export const participantById = async (db: Db, id: string): Promise<ParticipantRecord | null> =>
  (await db
    .selectFrom('routeParticipants as p')
    .innerJoin('routes as r', 'r.id', 'p.routeId')
    .select(['p.id', 'p.name', 'p.position', 'p.email', 'p.iin', 'p.language'])
    .select(['p.routeId', 'p.documentId', 'p.organisationId', 'p.personId', 'p.stage', 'r.attempt'])
    .where('p.id', '=', id)
    .executeTakeFirst()) ?? null;

/** Routes that should be running, in pages by id. */
export const liveRoutes = (db: Db, afterId: string, limit: number): Promise<{ id: string; documentId: string; attempt: number }[]> =>
  db
    .selectFrom('routes')
    .select(['id', 'documentId', 'attempt'])
    .where('state', '=', 'active')
    .where('id', '>', afterId)
    .orderBy('id')
    .limit(limit)
    .execute();

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
export const routeAbout = async (db: Db, routeId: string): Promise<RouteAbout | null> =>
  (await db
    .selectFrom('routes as r')
    .innerJoin('documents as d', 'd.id', 'r.documentId')
    .innerJoin('organisations as o', 'o.id', 'r.organisationId')
    .innerJoin('people as p', 'p.id', 'r.initiatorId')
    .select(['d.title', 'd.number', 'd.checkHash', 'r.attempt', 'o.name as organisation', 'o.bin'])
    .select((eb) => sql<string | null>`DATE_FORMAT(${eb.ref('d.docDate')}, '%d.%m.%Y')`.as('documentDate'))
    .select(['p.id as initiatorId', 'p.name as initiatorName', 'p.email as initiatorEmail', 'p.language as initiatorLanguage'])
    .where('r.id', '=', routeId)
    .executeTakeFirst()) ?? null;

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
  tx
    .selectFrom('routeParticipants')
    .select((eb) => ['id', sql<string | null>`${eb.ref('id')}`.as('participantId'), 'personId', 'email', 'language'])
    .where('id', 'in', ['', ...participantIds])
    .unionAll(
      tx
        .selectFrom('people')
        .select((eb) => ['id', eb.lit(null).as('participantId'), sql<string | null>`${eb.ref('id')}`.as('personId'), 'email', 'language'])
        .where('id', '=', initiatorId),
    )
    .execute();
