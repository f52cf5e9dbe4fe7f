import { ApplicationFailure } from '@temporalio/common';
import { mayDocument } from '../../domain/documents/document';
import { type Actor, actorKey } from '../../domain/people/roles';
import type { RefusalCode } from '../../domain/refusals';
import type { RouteCommand } from '../../domain/routes/decide';
import { draftIssues, type DraftPerson } from '../../domain/routes/draft';
import { openRoute as planRoute } from '../../domain/routes/open';
import type { Route } from '../../domain/routes/route';
import type { AuditDetails } from '../../storage/audit-actions';
import { newCapability } from '../../storage/capabilities';
import { type Act, CommandUsed, perform } from '../../storage/command';
import type { Db, Tx } from '../../storage/db';
import { followRoute, lockDocument, setDocumentState } from '../../storage/queries/documents';
import { openEvidence } from '../../storage/queries/evidence';
import { insertInvitations, invitationOf, renewInvitation } from '../../storage/queries/invitations';
import { queueMails, unsentCommands } from '../../storage/queries/mail';
import { type Colleague, colleaguesByIds, personById } from '../../storage/queries/people';
import { insertRoute, loadRoute, participantById, type ParticipantCard, routeOfDocument, saveRoute } from '../../storage/queries/routes';
import { acceptSignature, signatureFacts } from '../../storage/queries/signatures';
import type { Applied, ApplyRoute, OpenRoute } from '../../workflows/contracts/route';
import { mailsFor } from '../mail/route-mails';
import type { WorkerDeps } from '../deps';

/** Rolls the transaction back and becomes `{ ok: false, code }`. */
class Refused extends Error {
  constructor(
    readonly code: RefusalCode,
    readonly current?: Route,
    readonly unsent?: string[],
  ) {
    super(code);
  }
}

type Stored = Extract<Applied, { ok: true }>;

/** What the log calls each command of a route once it is done. */
const actions = {
  approve: 'route.approved',
  sign: 'route.signed',
  refuse: 'route.refused',
  withdraw: 'route.withdrawn',
  remind: 'route.reminded',
  extend: 'route.extended',
  expire: 'route.expired',
} as const satisfies Record<RouteCommand['kind'], `route.${string}`>;
type CommandAction = (typeof actions)[RouteCommand['kind']];

/**
 * Sends a document: makes the route from the draft as it stands at `rev`, asks its first stage, queues the invitations. A command stored
 * before, perhaps by a run the server then forgot, is answered with what the record says now.
 */
export async function storeOpened(deps: WorkerDeps, input: OpenRoute): Promise<Applied> {
  const { by, documentId: id, commandId } = input;
  return answered(deps, async (fresh) => {
    const act = await actOf(deps.db, commandId, by, new Date(input.at));
    return perform(deps, act, { organisationId: by.organisationId, id }, 'route.sent', async (tx) => {
      fresh();
      const document = await lockDocument(tx, id);
      if (!document) throw new Refused('document.missing');
      if (!mayDocument(by, 'edit-route', document)) throw new Refused('document.wrong_state');
      if (document.rev !== input.rev) throw new Refused('document.stale');
      const { routeDraft, organisationId, initiatorId, file } = document;
      const known = await colleaguesByIds(tx, organisationId, memberIds(routeDraft.stages.flatMap((s) => s.people)));
      if (draftIssues(routeDraft, known, input.at).length > 0) throw new Refused('draft.not_ready');
      const { attempt, at } = input;
      const { route, people } = planRoute(
        routeDraft,
        { id: deps.newId(), documentId: id, organisationId, initiatorId, attempt, at },
        deps.newId,
      );
      const cards = new Map([...people].map(([participant, person]) => [participant, cardOf(participant, person, known)]));
      await insertRoute(tx, route, { fileId: file.id, message: routeDraft.message, people: cards, at: act.at });
      await insertInvitations(tx, linksFor(deps, route, act.at));
      if ((await setDocumentState(tx, id, document.rev, 'in-signing', attempt, act.at)) === 0) throw new Refused('document.stale');
      const asked = route.stages[0]?.participants.map((p) => p.id) ?? [];
      const mails = await mailsFor(deps, tx, route, [{ kind: 'invite', participantIds: asked }], { id: commandId, by });
      await queueMails(tx, mails, act.at);
      const details = { attempt: route.attempt, stages: route.stages.length, people: cards.size, sha256: file.sha256.toString('hex') };
      return { details, result: { ok: true, route, hasMail: mails.length > 0 } satisfies Stored };
    });
  });
}

/**
 * Stores one decided command. Refuses with `route.conflict` and the stored state when the record is not where the workflow thought; a
 * command stored before is answered with what the record says now.
 */
export async function storeApplied(deps: WorkerDeps, input: ApplyRoute): Promise<Applied> {
  const { before, next, command, commandId } = input;
  return answered(deps, async (fresh) => {
    const act = { ...(await actOf(deps.db, commandId, command.by, new Date(command.at))), kind: `route.${command.kind}` };
    const on = { organisationId: before.organisationId, id: before.documentId };
    return perform(deps, act, on, actions[command.kind], async (tx) => {
      fresh();
      if (command.kind === 'sign' && !(await acceptSignature(tx, command.signatureId, command.participantId, act.at)))
        throw new Refused('signing.session_used');
      if (command.kind === 'sign') await openEvidence(tx, command.signatureId, act.at);
      if (!(await saveRoute(tx, before, next, act.at, remarkOf(command)))) {
        const current = (await loadRoute(tx, before.id)) ?? before;
        throw new Refused('route.conflict', current, await unsentCommands(deps.db, before.id));
      }
      await followRoute(tx, { ...next, state: next.state === 'active' ? 'in-signing' : next.state }, act.at);
      if (command.kind === 'remind') await renewLinks(deps, tx, input, act.at);
      const mails = await mailsFor(deps, tx, next, input.effects, { id: commandId, by: command.by });
      await queueMails(tx, mails, act.at);
      const details = await detailsOf(tx, command, before, next);
      return { details, result: { ok: true, route: next, hasMail: mails.length > 0 } satisfies Stored };
    });
  });
}

/** A route as it is stored, with the commands whose mails still wait. */
export type StoredRoute = { route: Route; unsent: string[] };

/** The stored state of a route, for a run started from the record. */
export async function loadStored(
  { db }: WorkerDeps,
  { documentId, attempt }: { documentId: string; attempt: number },
): Promise<StoredRoute> {
  const page = await routeOfDocument(db, documentId, attempt);
  if (!page) throw ApplicationFailure.nonRetryable('no such route', 'RouteMissing');
  return { route: page.route, unsent: await unsentCommands(db, page.route.id) };
}

/** Runs a command's transaction; `work` calls `fresh` where the command is stored for the first time. */
async function answered(deps: WorkerDeps, work: (fresh: () => void) => Promise<Stored>): Promise<Applied> {
  let isFresh = false;
  try {
    const applied = await work(() => (isFresh = true));
    if (isFresh) return applied;
    const { id } = applied.route;
    return { ...applied, route: (await loadRoute(deps.db, id)) ?? applied.route, unsent: await unsentCommands(deps.db, id) };
  } catch (error) {
    if (error instanceof CommandUsed) return { ok: false, code: 'command.used' };
    if (!(error instanceof Refused)) throw error;
    const { code, current, unsent } = error;
    return current ? { ok: false, code, current, unsent } : { ok: false, code };
  }
}

/** The act of whoever gives a command to a route. */
async function actOf(db: Db, id: string, by: RouteCommand['by'], at: Date): Promise<Act> {
  return { id, by: { kind: by.kind, id: actorKey(by), name: await nameOf(db, by) }, at };
}

async function nameOf(db: Db, by: Actor | { kind: 'system' }): Promise<string> {
  if (by.kind === 'system') return 'Kense';
  if (by.kind === 'member') return (await personById(db, by.personId))?.name ?? by.personId;
  return (await participantById(db, by.participantId))?.name ?? by.participantId;
}

const memberIds = (people: DraftPerson[]): string[] => people.flatMap((p) => (p.kind === 'member' ? [p.personId] : []));

function cardOf(id: string, person: DraftPerson, known: ReadonlyMap<string, Colleague>): ParticipantCard {
  if (person.kind === 'outside')
    return { id, name: person.name.trim(), position: '', email: person.email, iin: person.iin, language: 'ru' };
  const colleague = known.get(person.personId);
  if (!colleague) throw new Refused('draft.not_ready');
  return {
    id,
    name: colleague.name,
    position: colleague.position,
    email: colleague.email,
    iin: colleague.iin,
    language: colleague.language,
  };
}

const linksFor = (deps: WorkerDeps, route: Route, at: Date) =>
  route.stages
    .flatMap((s) => s.participants)
    .filter((p) => p.personId === null)
    .map((p) => ({
      participantId: p.id,
      organisationId: route.organisationId,
      tokenHash: hashOfLink(deps, p.id, 1),
      version: 1,
      expiresAt: new Date(at.getTime() + deps.config.invitationLifeMs),
    }));

const hashOfLink = (deps: WorkerDeps, participantId: string, version: number): Buffer =>
  newCapability(deps.config.secrets, 'invitation', participantId, version).hash;

/** A reminder renews an outside person's link, so that a mail never leads to a dead address. */
async function renewLinks(deps: WorkerDeps, tx: Tx, input: ApplyRoute, at: Date): Promise<void> {
  const asked = input.effects.flatMap((e) => (e.kind === 'remind' ? e.participantIds : []));
  const byHand = input.command.by.kind !== 'system';
  for (const participantId of asked) {
    const invitation = await invitationOf(deps.db, participantId);
    if (!invitation || (invitation.revokedAt !== null && !byHand)) continue; // what somebody stopped, no timer starts again
    if (invitation.revokedAt === null && invitation.expiresAt.getTime() - at.getTime() > deps.config.invitationLifeMs / 2) continue;
    const { version } = invitation;
    await renewInvitation(
      tx,
      participantId,
      version,
      hashOfLink(deps, participantId, version + 1),
      new Date(at.getTime() + deps.config.invitationLifeMs),
    );
  }
}

const remarkOf = (command: RouteCommand): { participantId: string; text: string } | null =>
  (command.kind === 'refuse' || command.kind === 'approve') && command.remark?.trim()
    ? { participantId: command.participantId, text: command.remark.trim() }
    : null;

async function detailsOf(tx: Tx, command: RouteCommand, before: Route, next: Route): Promise<AuditDetails[CommandAction]> {
  const shared = { attempt: next.attempt, stage: before.current + 1, ...(next.state === 'active' ? {} : { ended: next.state }) };
  switch (command.kind) {
    case 'sign': {
      const signature = await signatureFacts(tx, command.signatureId);
      return {
        ...shared,
        participant: command.participantId,
        signature: command.signatureId,
        cms: signature?.sha256.toString('hex'),
        serial: signature?.serial,
        verdict: signature?.verdict,
      };
    }
    case 'approve':
    case 'refuse':
      return { ...shared, participant: command.participantId, ...(command.remark?.trim() ? { remark: command.remark.trim() } : {}) };
    case 'withdraw':
      return { ...shared, ...(command.remark?.trim() ? { remark: command.remark.trim() } : {}) };
    case 'extend':
      return { ...shared, stage: command.position + 1, due: command.dueAt };
    case 'remind':
    case 'expire':
      return shared;
  }
}
