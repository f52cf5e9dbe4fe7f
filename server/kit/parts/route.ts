import type { DocumentState } from '../../../domain/documents/document';
import { type Actor, runsCabinet } from '../../../domain/people/roles';
import type { Route, Stage, StageKind, StageRule } from '../../../domain/routes/route';
import type { RouteFacts } from '../../../services/documents/route-facts';
import type { Instant } from '../../../services/texts/types';
import type { Delivery as MailRow } from '../../../storage/queries/mail';
import { type Due, presentDue } from './due';
import { presentProof } from './proof';
import { presentSignature, type SignatureView } from './signer';

/** Where a mail is: "sent" means the mail server took it, "opened" that the person followed the link. */
export function presentDelivery(state: MailRow['state'], at: Date, lastError: string, openedAt?: Date): Delivery {
  if (openedAt) return { state: 'opened', at: openedAt.toISOString() };
  const failed = state === 'refused' || state === 'failed';
  return { state: failed ? 'failed' : state === 'sent' ? 'sent' : 'queued', at: at.toISOString(), detail: lastError || null };
}

/** The state of an outside person's link, for the initiator and who runs the cabinet. */
export function linkOf({ page, links }: RouteFacts, id: string, actor: Actor): RoutePerson['link'] {
  const link = links.get(id);
  if (!link || actor.kind !== 'member' || (actor.personId !== page.route.initiatorId && !runsCabinet(actor))) return null;
  return link.revokedAt ? 'revoked' : 'open';
}

function presentPerson(facts: RouteFacts, stage: Stage, id: string, actor: Actor): RoutePerson {
  const card = facts.page.people.get(id);
  const participant = stage.participants.find((p) => p.id === id);
  if (!card || !participant) throw new Error(`participant ${id} has no card`);
  const done = stage.kind === 'sign' ? 'signed' : 'approved';
  const mail = actor.kind === 'member' ? facts.mails.get(id) : undefined;
  return {
    id,
    name: card.name,
    sub: card.position || (actor.kind === 'member' && participant.personId === null ? card.email : null),
    isOutside: participant.personId === null,
    isReader: actor.kind === 'member' ? participant.personId === actor.personId : id === actor.participantId,
    state: participant.state === 'done' ? done : participant.state,
    since: card.askedAt?.toISOString() ?? null,
    at: card.answeredAt?.toISOString() ?? null,
    remark: card.remark,
    link: linkOf(facts, id, actor),
    delivery: mail ? presentDelivery(mail.state, mail.updatedAt, mail.lastError, facts.links.get(id)?.openedAt ?? undefined) : null,
  };
}

function presentStage(facts: RouteFacts, stage: Stage, position: number, actor: Actor, now: Date): RouteStage {
  const { route } = facts.page;
  const state = ((): RouteStage['state'] => {
    if (stage.participants.some((p) => p.state === 'refused')) return 'refused';
    if (position < route.current) return 'done';
    if (route.state === 'active') return position === route.current ? 'active' : 'waiting';
    return 'stopped';
  })();
  return {
    kind: stage.kind,
    rule: stage.rule,
    due: state === 'done' ? null : presentDue(stage.dueAt, now),
    state,
    people: stage.participants.map((p) => presentPerson(facts, stage, p.id, actor)),
  };
}

const stageKindOf = (route: Route, participantId: string): Stage['kind'] =>
  route.stages.find((s) => s.participants.some((p) => p.id === participantId))?.kind ?? 'sign';

/** The route as a live timeline with its signatures. People outside the organisation see no mail addresses or delivery states. */
export function presentRoute(facts: RouteFacts, actor: Actor, now: Date, base: string): RouteView {
  const { page } = facts;
  const { route } = page;
  const isLive = route.state === 'active';
  const attempt = `attempt=${route.attempt}`;
  return {
    base,
    rev: route.rev,
    isLive,
    pollUrl: `${base}/route?${attempt}&rev=${route.rev}`,
    state: isLive ? 'in-signing' : (route.state as DocumentState),
    stages: route.stages.map((stage, position) => presentStage(facts, stage, position, actor, now)),
    signatures: facts.signatures.map((s) => {
      const evidence = facts.evidence.get(s.id);
      const newest = evidence?.report ? { ...s, report: evidence.report } : s;
      const shown = presentSignature(newest, stageKindOf(route, s.participantId), `${base}/signatures/${s.id}.cms`);
      return { ...shown, proof: evidence ? presentProof(evidence) : null, reportUrl: `${base}/signatures/${s.id}` };
    }),
    canRemind: isLive && actor.kind === 'member' && (actor.personId === route.initiatorId || runsCabinet(actor)),
    checkUrl: facts.signatures.length > 0 ? facts.checkUrl : null,
  };
}

export interface Delivery {
  state: 'queued' | 'sent' | 'delivered' | 'opened' | 'failed';
  at: Instant | null;
  /** The mail server's own words, for example `550 no such mailbox`. */
  detail?: string | null;
}

/** GET /documents/:id/route; polls itself every 4 s while `isLive`, at `pollUrl`. */
export interface RouteView {
  /** `/documents/<id>` or `/invitations/<token>`: forms and links of the fragment start with it. */
  base: string;
  rev: number;
  isLive: boolean;
  pollUrl: string;
  state: DocumentState;
  stages: RouteStage[];
  signatures: SignatureView[];
  canRemind: boolean;
  /** The address of the public check page, when there is something to check. */
  checkUrl: string | null;
}

export interface RouteStage {
  kind: StageKind;
  rule: StageRule;
  due: Due | null;
  state: 'waiting' | 'active' | 'done' | 'refused' | 'stopped';
  people: RoutePerson[];
}

export interface RoutePerson {
  id: string;
  name: string;
  /** Position, or the organisation of an outside person. */
  sub: string | null;
  isOutside: boolean;
  isReader: boolean;
  /** `not-needed`: another answered for a stage of rule «any», or the route ended before. */
  state: 'waiting' | 'asked' | 'signed' | 'approved' | 'refused' | 'not-needed';
  /** When asked. */
  since: Instant | null;
  /** When answered. */
  at: Instant | null;
  remark: string | null;
  /** One-person link of an outside person, for those who may revoke it; null otherwise. */
  link: 'open' | 'revoked' | null;
  /** Invitation by mail; null when none was sent or the reader may not see it. */
  delivery: Delivery | null;
}
