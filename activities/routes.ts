import { ApplicationFailure } from '@temporalio/activity';
import type { RefusalCode } from '../domain/refusals';
import { mayDocument } from '../domain/documents/document';
import { type Actor, actorKey } from '../domain/people/roles';
import type { RouteCommand } from '../domain/routes/decide';
import { draftIssues, type DraftPerson } from '../domain/routes/draft';
import { openRoute as planRoute } from '../domain/routes/open';
import type { Route } from '../domain/routes/route';
import { mailsFor } from '../services/mail/route-mails';
import type { WorkerDeps } from '../services/worker-deps';
import { appendAudit } from '../storage/audit';
import { newCapability } from '../storage/capabilities';
import { CommandUsed, once } from '../storage/commands';
import { followRoute, lockDocument, setDocumentState } from '../storage/queries/documents';
import { openEvidence } from '../storage/queries/evidence';
import { insertInvitations, invitationOf, renewInvitation } from '../storage/queries/invitations';
import { giveUpOn, queueMails, unsentCommands } from '../storage/queries/mail';
import { type Colleague, colleaguesByIds, personById } from '../storage/queries/people';
import { insertRoute, loadRoute, participantById, type ParticipantCard, routeOfDocument, saveRoute } from '../storage/queries/routes';
import { acceptSignature, signatureFacts } from '../storage/queries/signatures';
import type { Applied, ApplyRoute, OpenRoute } from '../workflows/contracts/route';
import type { Tx } from '../storage/db';

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

/** Activities that write a route: each is one transaction, harmless to repeat. */
export const routeActivities = (deps: WorkerDeps) => ({
  /** Sends a document: makes the route from the draft as it stands at `rev`, asks its first stage, queues the invitations. */
  openRoute: (input: OpenRoute): Promise<Applied> =>
    answered(deps, (fresh) =>
      deps.inTx((tx) =>
        once(tx, commandRow(input, input.documentId, 'route.sent', input.by), async () => {
          fresh();
          const at = new Date(input.at);
          const document = await lockDocument(tx, input.documentId);
          if (!document) throw new Refused('document.missing');
          if (!mayDocument(input.by, 'edit-route', document)) throw new Refused('document.wrong_state');
          if (document.rev !== input.rev) throw new Refused('document.stale');
          const known = await colleaguesByIds(tx, document.organisationId, memberIds(document.routeDraft.stages.flatMap((s) => s.people)));
          if (draftIssues(document.routeDraft, known, input.at).length > 0) throw new Refused('draft.not_ready');
          const { route, people } = planRoute(
            document.routeDraft,
            {
              id: deps.newId(),
              documentId: document.id,
              organisationId: document.organisationId,
              initiatorId: document.initiatorId,
              attempt: input.attempt,
              at: input.at,
            },
            deps.newId,
          );
          const cards = new Map([...people].map(([id, person]) => [id, cardOf(id, person, known)]));
          await insertRoute(tx, route, { fileId: document.file.id, message: document.routeDraft.message, people: cards, at });
          await insertInvitations(tx, linksFor(deps, route, at));
          if ((await setDocumentState(tx, document.id, document.rev, 'in-signing', input.attempt, at)) === 0)
            throw new Refused('document.stale');
          const asked = route.stages[0]?.participants.map((p) => p.id) ?? [];
          const mails = await mailsFor(deps, tx, route, [{ kind: 'invite', participantIds: asked }], { id: input.commandId, by: input.by });
          await queueMails(tx, mails, at);
          await audit(tx, input.commandId, route, 'route.sent', input.by, at, {
            attempt: route.attempt,
            stages: route.stages.length,
            people: cards.size,
            sha256: document.file.sha256.toString('hex'),
          });
          return { ok: true as const, route, hasMail: mails.length > 0 };
        }),
      ),
    ),

  /** Stores one decided command. Refuses with `route.conflict` and the stored state when the record is not where the workflow thought. */
  applyRoute: (input: ApplyRoute): Promise<Applied> =>
    answered(deps, (fresh) =>
      deps.inTx((tx) =>
        once(
          tx,
          commandRow(
            { commandId: input.commandId, at: input.command.at },
            input.before.documentId,
            `route.${input.command.kind}`,
            input.command.by,
            input.before,
          ),
          async () => {
            fresh();
            const { before, next, command } = input;
            const at = new Date(command.at);
            if (command.kind === 'sign' && !(await acceptSignature(tx, command.signatureId, command.participantId, at)))
              throw new Refused('signing.session_used');
            if (command.kind === 'sign') await openEvidence(tx, command.signatureId, at);
            const remark = remarkOf(command);
            if (!(await saveRoute(tx, before, next, at, remark))) {
              const current = (await loadRoute(tx, before.id)) ?? before;
              throw new Refused('route.conflict', current, await unsentCommands(deps.db, before.id));
            }
            await followRoute(tx, { ...next, state: next.state === 'active' ? 'in-signing' : next.state }, at);
            if (command.kind === 'remind') await renewLinks(deps, tx, input, at);
            const mails = await mailsFor(deps, tx, next, input.effects, { id: input.commandId, by: command.by });
            await queueMails(tx, mails, at);
            await audit(tx, input.commandId, next, actionOf(command), command.by, at, await detailsOf(tx, command, before, next));
            return { ok: true as const, route: next, hasMail: mails.length > 0 };
          },
        ),
      ),
    ),

  /** The stored state of a route, with the commands whose mails still wait; for a run started from the record. */
  loadRoute: async (input: { documentId: string; attempt: number }): Promise<{ route: Route; unsent: string[] }> => {
    const page = await routeOfDocument(deps.db, input.documentId, input.attempt);
    if (!page) throw ApplicationFailure.nonRetryable('no such route', 'RouteMissing');
    return { route: page.route, unsent: await unsentCommands(deps.db, page.route.id) };
  },

  /** Marks the mails of a command as failed once the patience has run out. */
  giveUpMails: async (input: { commandId: string }): Promise<void> => {
    await giveUpOn(deps.db, input.commandId, deps.now());
  },
});

/**
 * Runs a command's transaction; `work` calls `fresh` where the command is stored for the first time. One stored before, perhaps by a run
 * the server then forgot, is answered with what the record says now.
 */
async function answered(deps: WorkerDeps, work: (fresh: () => void) => Promise<Applied>): Promise<Applied> {
  let isFresh = false;
  try {
    const applied = await work(() => (isFresh = true));
    if (isFresh || !applied.ok) return applied;
    const { id } = applied.route;
    return { ...applied, route: (await loadRoute(deps.db, id)) ?? applied.route, unsent: await unsentCommands(deps.db, id) };
  } catch (error) {
    if (error instanceof CommandUsed) return { ok: false, code: 'command.used' };
    if (!(error instanceof Refused)) throw error;
    const { code, current, unsent } = error;
    return current ? { ok: false, code, current, unsent } : { ok: false, code };
  }
}

const commandRow = (input: { commandId: string; at: number }, entityId: string, kind: string, by: RouteCommand['by'], route?: Route) => ({
  id: input.commandId,
  organisationId: by.kind === 'system' ? (route?.organisationId ?? '') : by.organisationId,
  actor: actorKey(by),
  kind,
  entityId,
  at: new Date(input.at),
});

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
      expiresAt: new Date(at.getTime() + deps.invitationLifeMs),
    }));

const hashOfLink = (deps: WorkerDeps, participantId: string, version: number): Buffer =>
  newCapability(deps.secrets, 'invitation', participantId, version).hash;

/** A reminder renews an outside person's link, so that a mail never leads to a dead address. */
async function renewLinks(deps: WorkerDeps, tx: Tx, input: ApplyRoute, at: Date): Promise<void> {
  const asked = input.effects.flatMap((e) => (e.kind === 'remind' ? e.participantIds : []));
  const byHand = input.command.by.kind !== 'system';
  for (const participantId of asked) {
    const invitation = await invitationOf(deps.db, participantId);
    if (!invitation || (invitation.revokedAt !== null && !byHand)) continue; // what somebody stopped, no timer starts again
    if (invitation.revokedAt === null && invitation.expiresAt.getTime() - at.getTime() > deps.invitationLifeMs / 2) continue;
    const { version } = invitation;
    await renewInvitation(
      tx,
      participantId,
      version,
      hashOfLink(deps, participantId, version + 1),
      new Date(at.getTime() + deps.invitationLifeMs),
    );
  }
}

const remarkOf = (command: RouteCommand): { participantId: string; text: string } | null =>
  (command.kind === 'refuse' || command.kind === 'approve') && command.remark?.trim()
    ? { participantId: command.participantId, text: command.remark.trim() }
    : null;

const pastTense = {
  approve: 'approved',
  sign: 'signed',
  refuse: 'refused',
  withdraw: 'withdrawn',
  remind: 'reminded',
  extend: 'extended',
  expire: 'expired',
} as const;
const actionOf = (command: RouteCommand): string => `route.${pastTense[command.kind]}`;

async function detailsOf(tx: Tx, command: RouteCommand, before: Route, next: Route): Promise<Record<string, unknown>> {
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

async function nameOf(tx: Tx, by: Actor | { kind: 'system' }): Promise<string> {
  if (by.kind === 'system') return 'Kense';
  if (by.kind === 'member') return (await personById(tx, by.personId))?.name ?? by.personId;
  return (await participantById(tx, by.participantId))?.name ?? by.participantId;
}

async function audit(
  tx: Tx,
  commandId: string,
  route: Route,
  action: string,
  by: RouteCommand['by'],
  at: Date,
  details: Record<string, unknown>,
): Promise<void> {
  const actor = { kind: by.kind, id: actorKey(by), name: await nameOf(tx, by) };
  await appendAudit(tx, {
    organisationId: route.organisationId,
    at,
    actor,
    action,
    entityKind: 'document',
    entityId: route.documentId,
    commandId,
    details,
  });
}
