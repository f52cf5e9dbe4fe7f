import type { Actor } from '../../domain/people/roles';
import type { RouteEffect, System } from '../../domain/routes/decide';
import type { Route } from '../../domain/routes/route';
import type { Delivery, MailTemplate } from '../../storage/queries/mail';
import { recipientsOf, type RouteRecipient } from '../../storage/queries/routes';
import type { WorkerDeps } from '../deps';
import type { Tx } from '../../storage/db';

type Queued = Omit<Delivery, 'state' | 'attempts' | 'lastError' | 'updatedAt'>;
const initiatorTemplates = { answered: 'answered', signed: 'completed', refused: 'refused', expired: 'expired' } as const;
const participantTemplates = { signed: 'completed', refused: 'refused', withdrawn: 'withdrawn', expired: 'expired' } as const;

/**
 * The mails a command's effects call for. People without an e-mail see everything in the application and get none; nobody is told twice
 * of the same thing at the same address, but every invited participant gets an invitation of their own.
 */
export async function mailsFor(
  deps: WorkerDeps,
  tx: Tx,
  route: Route,
  effects: readonly RouteEffect[],
  command: { id: string; by: Actor | System },
): Promise<Queued[]> {
  const commandId = command.id;
  const mails: Queued[] = [];
  const told = new Set<string>();
  const add = (to: RouteRecipient, template: MailTemplate, everyone: boolean): void => {
    if (!to.email) return;
    const key = `${to.email.toLowerCase()} ${template}`;
    if (!everyone && told.has(key)) return;
    told.add(key);
    const { id: routeId, organisationId, documentId } = route;
    mails.push({
      id: deps.newId(),
      organisationId,
      commandId,
      documentId,
      routeId,
      participantId: to.participantId,
      personId: to.personId,
      recipient: to.email,
      template,
      language: to.language,
    });
  };
  const people = await recipients(tx, route, effects);
  for (const effect of effects) {
    if (effect.kind === 'tell-initiator') {
      if (command.by.kind === 'member' && command.by.personId === route.initiatorId) continue; // nobody needs a mail of their own act
      const initiator = people.get(route.initiatorId);
      if (initiator) add(initiator, initiatorTemplates[effect.of], false);
      continue;
    }
    for (const id of effect.participantIds) {
      const to = people.get(id);
      if (!to) continue;
      if (effect.kind === 'invite') add(to, to.personId === null ? 'invitation-outside' : 'invitation', true);
      else if (effect.kind === 'remind') add(to, 'reminder', true);
      else if (effect.of !== 'signed' || to.personId === null) add(to, participantTemplates[effect.of], false);
    }
  }
  return mails;
}

/** Everybody the effects may write to, by participant id or, for the initiator, by person id; one query for all. */
async function recipients(tx: Tx, route: Route, effects: readonly RouteEffect[]): Promise<Map<string, RouteRecipient>> {
  const ids = effects.flatMap((e) => (e.kind === 'tell-initiator' ? [] : e.participantIds));
  const rows = await recipientsOf(tx, ids, route.initiatorId);
  return new Map(rows.map((to) => [to.id, to]));
}
