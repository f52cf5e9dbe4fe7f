import type { Selectable } from 'kysely';
import type { MailDeliveries } from '../schema';
import { changes } from '../sql';
import type { Db, Tx } from '../db';

export const mailTemplates = [
  'invitation',
  'invitation-outside',
  'reminder',
  'answered',
  'refused',
  'completed',
  'expired',
  'withdrawn',
  'disproved',
] as const;
export type MailTemplate = (typeof mailTemplates)[number];
export type MailState = 'queued' | 'retrying' | 'sent' | 'refused' | 'failed';

export type Delivery = Omit<Selectable<MailDeliveries>, 'audience' | 'createdAt'>;

const deliveries = (db: Db) =>
  db
    .selectFrom('mailDeliveries')
    .select(['id', 'organisationId', 'commandId', 'documentId', 'routeId', 'participantId', 'personId', 'recipient'])
    .select(['template', 'language', 'state', 'attempts', 'lastError', 'updatedAt']);

/** What still wants sending. */
const unsent = ['queued', 'retrying'] as const;

/** Queues mails inside the command's transaction; a template goes to one participant (or the initiator) once for each command, for ever. */
export async function queueMails(
  tx: Tx,
  mails: readonly Omit<Delivery, 'state' | 'attempts' | 'lastError' | 'updatedAt'>[],
  now: Date,
): Promise<void> {
  if (mails.length === 0) return;
  const rows = mails.map((m) => ({
    id: m.id,
    organisationId: m.organisationId,
    commandId: m.commandId,
    documentId: m.documentId,
    routeId: m.routeId,
    participantId: m.participantId,
    personId: m.personId,
    audience: m.participantId ?? 'initiator',
    recipient: m.recipient,
    template: m.template,
    language: m.language,
    state: 'queued' as const,
    createdAt: now,
    updatedAt: now,
  }));
  await tx.insertInto('mailDeliveries').values(rows).execute();
}

/** The mails a command queued that still want sending. */
export const unsentOf = (db: Db, commandId: string): Promise<Delivery[]> =>
  deliveries(db).where('commandId', '=', commandId).where('state', 'in', unsent).orderBy('id').execute();

/** Commands of a route with mails that still want sending. */
export async function unsentCommands(db: Db, routeId: string): Promise<string[]> {
  const rows = await db
    .selectFrom('mailDeliveries')
    .select('commandId')
    .distinct()
    .where('routeId', '=', routeId)
    .where('state', 'in', unsent)
    .execute();
  return rows.map((row) => row.commandId);
}

/** Routes with mails queued before this instant that nobody has tried to send since; at most 500. */
export const routesWithForgottenMail = (db: Db, before: Date): Promise<{ documentId: string; attempt: number }[]> =>
  db
    .selectFrom('mailDeliveries as m')
    .innerJoin('routes as r', 'r.id', 'm.routeId')
    .select(['r.documentId', 'r.attempt'])
    .distinct()
    .where('m.state', '=', 'queued')
    .where('m.createdAt', '<', before)
    .limit(500)
    .execute();

/** Notes how an attempt to send ended. */
export const noteAttempt = (db: Db, id: string, state: MailState, error: string, now: Date): Promise<number> =>
  changes(
    db
      .updateTable('mailDeliveries')
      .set((eb) => ({ state, attempts: eb('attempts', '+', 1), lastError: error.slice(0, 500), updatedAt: now }))
      .where('id', '=', id),
  );

/** Gives up on mails of a command that could not be sent in time. */
export const giveUpOn = (db: Db, commandId: string, now: Date): Promise<number> =>
  changes(
    db
      .updateTable('mailDeliveries')
      .set({ state: 'failed', updatedAt: now })
      .where('commandId', '=', commandId)
      .where('state', 'in', unsent),
  );

/** The last mail to each participant of a route. */
export async function lastMails(db: Db, routeId: string): Promise<Map<string, Delivery>> {
  const rows = await deliveries(db).where('routeId', '=', routeId).where('participantId', 'is not', null).orderBy('id').execute();
  return new Map(rows.map((row) => [row.participantId ?? '', row]));
}

/** One delivery, or null. */
export const deliveryById = async (db: Db, id: string): Promise<Delivery | null> =>
  (await deliveries(db).where('id', '=', id).executeTakeFirst()) ?? null;
