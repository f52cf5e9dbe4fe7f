import { change, insert, select, selectOne } from '../sql';
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

export type Delivery = {
  id: string;
  organisationId: string;
  commandId: string;
  documentId: string;
  routeId: string;
  participantId: string | null;
  personId: string | null;
  recipient: string;
  template: MailTemplate;
  language: 'ru' | 'kk' | 'en';
  state: MailState;
  attempts: number;
  lastError: string;
  updatedAt: Date;
};

const columns = `id, organisation_id AS organisationId, command_id AS commandId, document_id AS documentId, route_id AS routeId, participant_id AS participantId,
  person_id AS personId, recipient, template, language, state, attempts, last_error AS lastError, updated_at AS updatedAt`;

/** Queues mails inside the command's transaction; a template goes to one participant (or the initiator) once for each command, for ever. */
export async function queueMails(
  tx: Tx,
  mails: readonly Omit<Delivery, 'state' | 'attempts' | 'lastError' | 'updatedAt'>[],
  now: Date,
): Promise<void> {
  await insert(
    tx,
    'mail_deliveries',
    mails.map((m) => ({
      id: m.id,
      organisation_id: m.organisationId,
      command_id: m.commandId,
      document_id: m.documentId,
      route_id: m.routeId,
      participant_id: m.participantId,
      person_id: m.personId,
      audience: m.participantId ?? 'initiator',
      recipient: m.recipient,
      template: m.template,
      language: m.language,
      state: 'queued',
      created_at: now,
      updated_at: now,
    })),
  );
}

/** The mails a command queued that still want sending. */
export const unsentOf = (db: Db, commandId: string): Promise<Delivery[]> =>
  select<Delivery>(
    db,
    `SELECT ${columns} FROM mail_deliveries WHERE command_id = :commandId AND state IN ('queued','retrying') ORDER BY id`,
    { commandId },
  );

/** Commands of a route with mails that still want sending. */
export async function unsentCommands(db: Db, routeId: string): Promise<string[]> {
  const rows = await select<{ id: string }>(
    db,
    "SELECT DISTINCT command_id AS id FROM mail_deliveries WHERE route_id = :routeId AND state IN ('queued','retrying')",
    { routeId },
  );
  return rows.map((row) => row.id);
}

/** Routes with mails queued before this instant that nobody has tried to send since; at most 500. */
export const routesWithForgottenMail = (db: Db, before: Date): Promise<{ documentId: string; attempt: number }[]> =>
  select(
    db,
    `SELECT DISTINCT r.document_id AS documentId, r.attempt FROM mail_deliveries m JOIN routes r ON r.id = m.route_id
      WHERE m.state = 'queued' AND m.created_at < :before LIMIT 500`,
    { before },
  );

/** Notes how an attempt to send ended. */
export const noteAttempt = (db: Db, id: string, state: MailState, error: string, now: Date): Promise<number> =>
  change(db, 'UPDATE mail_deliveries SET state = :state, attempts = attempts + 1, last_error = :error, updated_at = :now WHERE id = :id', {
    state,
    error: error.slice(0, 500),
    now,
    id,
  });

/** Gives up on mails of a command that could not be sent in time. */
export const giveUpOn = (db: Db, commandId: string, now: Date): Promise<number> =>
  change(
    db,
    "UPDATE mail_deliveries SET state = 'failed', updated_at = :now WHERE command_id = :commandId AND state IN ('queued','retrying')",
    { commandId, now },
  );

/** The last mail to each participant of a route. */
export async function lastMails(db: Db, routeId: string): Promise<Map<string, Delivery>> {
  const rows = await select<Delivery>(
    db,
    `SELECT ${columns} FROM mail_deliveries WHERE route_id = :routeId AND participant_id IS NOT NULL ORDER BY id`,
    { routeId },
  );
  return new Map(rows.map((row) => [row.participantId ?? '', row]));
}

/** One delivery, or null. */
export const deliveryById = (db: Db, id: string): Promise<Delivery | null> =>
  selectOne<Delivery>(db, `SELECT ${columns} FROM mail_deliveries WHERE id = :id`, { id });
