import { ApplicationFailure } from '@temporalio/common';
import { zoneOffsetMs } from '../../domain/routes/draft';
import type { WorkerDeps } from '../deps';
import { eventOf } from '../../storage/audit';
import { storedCapability } from '../../storage/capabilities';
import { invitationOf } from '../../storage/queries/invitations';
import { type Delivery, giveUpOn, noteAttempt, unsentOf } from '../../storage/queries/mail';
import { personById } from '../../storage/queries/people';
import { routeAbout, routeOfDocument, type RoutePage } from '../../storage/queries/routes';

/**
 * Sends every mail a command queued. A recipient the server refuses for good is marked and left; while one may still succeed the call
 * fails and is to be made again, and mails already sent are not repeated.
 */
export async function deliverMails(deps: WorkerDeps, commandId: string): Promise<void> {
  let waiting = '';
  for (const delivery of await unsentOf(deps.db, commandId)) {
    const data = await mailData(deps, delivery);
    if (!data) {
      await noteAttempt(deps.db, delivery.id, 'failed', 'the document or the link is gone', deps.now());
      continue;
    }
    const mail = deps.renderMail(delivery.template, data, delivery.language);
    const outcome = await deps.mailer.send({ to: delivery.recipient, messageId: delivery.id, ...mail });
    if (outcome.state === 'sent') await noteAttempt(deps.db, delivery.id, 'sent', '', deps.now());
    else await noteAttempt(deps.db, delivery.id, outcome.state === 'refused' ? 'refused' : 'retrying', outcome.reason, deps.now());
    if (outcome.state === 'try-later') waiting = outcome.reason;
  }
  if (waiting) throw ApplicationFailure.retryable(`mail server: ${waiting}`, 'MailWaits');
}

/** What a template is filled with; null when there is nothing to write about any more. */
async function mailData(deps: WorkerDeps, delivery: Delivery): Promise<Record<string, unknown> | null> {
  const facts = await routeAbout(deps.db, delivery.routeId);
  const page = facts && (await routeOfDocument(deps.db, delivery.documentId, facts.attempt));
  const url = await addressFor(deps, delivery);
  if (!facts || !page || !url) return null;
  const person = delivery.participantId ? page.people.get(delivery.participantId) : null;
  const recipient = person?.name ?? (delivery.personId ? ((await personById(deps.db, delivery.personId))?.name ?? '') : '');
  const base = { recipient, organisation: facts.organisation, title: facts.title, number: facts.number || null, url };
  switch (delivery.template) {
    case 'invitation':
    case 'reminder':
    case 'invitation-outside': {
      const stage = page.route.stages.find((s) => s.participants.some((p) => p.id === delivery.participantId));
      const expiresAt = delivery.participantId ? (await invitationOf(deps.db, delivery.participantId))?.expiresAt : undefined;
      return {
        ...base,
        action: stage?.kind ?? 'sign',
        sender: facts.initiatorName,
        senderEmail: facts.initiatorEmail,
        message: page.message || null,
        due: stage?.dueAt ? civilDate(stage.dueAt) : null,
        since: (person?.askedAt ?? page.startedAt).toISOString(),
        expiresAt: expiresAt?.toISOString() ?? null,
      };
    }
    case 'completed':
      return { ...base, at: (page.endedAt ?? page.startedAt).toISOString(), signers: namesIn(page, 'done') };
    case 'expired': {
      const stage = page.route.stages[page.route.current];
      return { ...base, due: stage?.dueAt ? civilDate(stage.dueAt) : null, awaited: unansweredIn(page) };
    }
    case 'disproved': {
      const told = await eventOf(deps.db, delivery.commandId, 'signature.disproved');
      if (!told) return null;
      const { signer, code } = JSON.parse(told.details) as { signer: string; code: string };
      return { ...base, signer, code, at: told.at.toISOString() };
    }
    case 'answered':
    case 'refused':
    case 'withdrawn': {
      const event = await eventOf(deps.db, delivery.commandId);
      if (!event) return null;
      const { remark } = JSON.parse(event.details) as { remark?: string };
      return {
        ...base,
        by: event.actorName,
        at: event.at.toISOString(),
        remark: remark ?? null,
        action: event.action === 'route.signed' ? 'sign' : 'approve',
      };
    }
  }
}

const civilDate = (ms: number): string => new Date(ms + zoneOffsetMs).toISOString().slice(0, 10);
const namesIn = (page: RoutePage, state: string): string[] =>
  page.route.stages.flatMap((s) => s.participants.filter((p) => p.state === state).map((p) => page.people.get(p.id)?.name ?? ''));
/** People of the stage at which the route ended who had been asked and never answered. */
const unansweredIn = (page: RoutePage): string[] =>
  (page.route.stages[page.route.current]?.participants ?? [])
    .filter((p) => p.state === 'not-needed')
    .map((p) => page.people.get(p.id)?.name ?? '');

/** The recipient's own address of the document: a one-person link for outside people, the document's page for members. */
async function addressFor(deps: WorkerDeps, delivery: Delivery): Promise<string | null> {
  if (delivery.personId || !delivery.participantId) return `${deps.config.publicUrl}/documents/${delivery.documentId}`;
  const invitation = await invitationOf(deps.db, delivery.participantId);
  if (!invitation || invitation.revokedAt) return null; // a stopped link is not mailed again
  const token = storedCapability(deps.config.secrets, 'invitation', delivery.participantId, invitation.version, invitation.tokenHash);
  return `${deps.config.publicUrl}/invitations/${token}`;
}

/** Marks the mails of a command as failed once the patience has run out. */
export async function giveUpMails({ db, now }: WorkerDeps, commandId: string): Promise<void> {
  await giveUpOn(db, commandId, now());
}
