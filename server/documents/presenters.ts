import { type DocumentState, mayDocument } from '../../domain/documents/document';
import { type Actor, runsCabinet } from '../../domain/people/roles';
import { askedParticipant } from '../../services/documents/place';
import type { Document } from '../../storage/queries/documents';
import type { RoutePage } from '../../storage/queries/routes';
import { presentDue } from '../kit/parts/due';
import { presentFile } from '../kit/parts/file';
import type { DocumentCard, DocumentHead } from './pages';

/** Head of the page: what it is, where it stands, and what this reader may do. */
export function presentHead(
  document: Document,
  page: RoutePage | null,
  actor: Actor,
  now: Date,
  base: string,
  signatures: number,
): DocumentHead {
  const route = page?.route ?? null;
  const asked = askedParticipant(route, actor);
  const mine = actor.kind === 'member' && (actor.personId === document.initiatorId || runsCabinet(actor));
  const current = route?.state === 'active' ? route.stages[route.current] : undefined;
  return {
    id: document.id,
    title: document.title,
    number: document.number || null,
    state: document.state,
    asked: asked?.stage.kind ?? null,
    due: presentDue(current?.dueAt ?? null, now),
    counterparty: document.counterpartyName || null,
    attempt: document.attempt,
    can: {
      sign: asked?.stage.kind === 'sign',
      approve: asked?.stage.kind === 'approve',
      refuse: asked !== null,
      extend: mine && route?.state === 'active',
      withdraw: mine && route?.state === 'active',
      remind: mine && route?.state === 'active',
      edit: mayDocument(actor, 'edit-route', document),
      reupload: document.state !== 'draft' && mayDocument(actor, 'replace-file', document),
      delete: mayDocument(actor, 'trash', document),
    },
    rev: document.rev,
    downloads: { original: presentFile(document, base), hasSignatures: signatures > 0, hasSheet: signatures > 0 },
    ending: endingOf(page),
  };
}

function endingOf(page: RoutePage | null): DocumentHead['ending'] {
  if (page?.route.state !== 'refused') return null;
  const refuser = page.route.stages.flatMap((s) => s.participants).find((p) => p.state === 'refused');
  const card = refuser ? page.people.get(refuser.id) : undefined;
  return card ? { by: card.name, at: (card.answeredAt ?? page.endedAt ?? page.startedAt).toISOString(), remark: card.remark } : null;
}

/** The registration card beside the viewer. */
export function presentCard(
  document: Document,
  page: RoutePage | null,
  attempts: { attempt: number; state: DocumentState | 'active'; startedAt: Date }[],
  base: string,
): DocumentCard {
  return {
    kind: document.kind,
    number: document.number || null,
    date: document.date,
    direction: document.direction,
    counterpartyName: document.counterpartyName || null,
    counterpartyBin: document.counterpartyBin || null,
    initiator: { name: document.initiatorName, position: document.initiatorPosition || null },
    createdAt: document.createdAt.toISOString(),
    message: page?.message || null,
    file: presentFile(document, base),
    attempts: attempts.map((a) => ({
      attempt: a.attempt,
      href: `${base}?attempt=${a.attempt}`,
      state: a.state === 'active' ? 'in-signing' : a.state,
      at: a.startedAt.toISOString(),
      isCurrent: a.attempt === (page?.route.attempt ?? document.attempt),
    })),
  };
}
