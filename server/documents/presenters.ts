import { civilDateOf, dueState, workingDaysBetween } from '../../domain/calendar/working-days';
import { mayDocument, type DocumentState } from '../../domain/documents/document';
import { displayOf } from '../../domain/documents/file-type';
import type { Actor } from '../../domain/people/roles';
import { runsCabinet } from '../../domain/people/roles';
import { mayAnswer } from '../../domain/routes/decide';
import type { Route, Stage } from '../../domain/routes/route';
import type { SignerReport } from '../../signature';
import type { Document, StoredFile } from '../../storage/queries/documents';
import type { Evidence } from '../../storage/queries/evidence';
import type { Delivery as MailRow } from '../../storage/queries/mail';
import type { RoutePage } from '../../storage/queries/routes';
import type { SignatureRecord } from '../../storage/queries/signatures';
import { presentProof } from '../evidence/proof';
import type { Delivery, DocumentCard, DocumentHead, Due, FileView, RoutePerson, RouteStage, RouteView, SignatureView } from '../views';

/** A deadline as pages show it; null when there is none. */
export function presentDue(dueAt: number | Date | null, now: Date): Due | null {
  if (dueAt === null) return null;
  const at = typeof dueAt === 'number' ? dueAt : dueAt.getTime();
  const state = dueState(at, now.getTime());
  return { date: civilDateOf(at), state, ...(state === 'overdue' ? { workingDaysLate: workingDaysBetween(at, now.getTime()) } : {}) };
}

/** The file of a document, reached through `base`: its page or an outside person's link. */
export function presentFile(document: { id: string; file: StoredFile }, base = `/documents/${document.id}`): FileView {
  const { file } = document;
  return {
    id: file.id,
    name: file.name,
    sizeBytes: file.sizeBytes,
    display: displayOf(file.mediaType),
    viewUrl: `${base}/file?v=${file.version}`,
    downloadUrl: `${base}/original`,
    sha256: file.sha256.toString('hex'),
  };
}

/** The participant this actor answers as now, if the route waits for them. */
export function askedParticipant(route: Route | null, actor: Actor): { participantId: string; stage: Stage } | null {
  if (!route) return null;
  for (const stage of route.stages) {
    for (const p of stage.participants) {
      if (mayAnswer(route, actor, p.id).ok) return { participantId: p.id, stage };
    }
  }
  return null;
}

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

export type RouteFacts = {
  page: RoutePage;
  mails: Map<string, MailRow>;
  /** Links of outside participants. */
  links: Map<string, { openedAt: Date | null; revokedAt: Date | null }>;
  signatures: SignatureRecord[];
  /** How far the proof of each signature has come, with its newest report, by signature. */
  evidence: Map<string, Evidence & { report: string | null }>;
  checkUrl: string | null;
};

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

const stageKindOf = (route: Route, participantId: string): Stage['kind'] =>
  route.stages.find((s) => s.participants.some((p) => p.id === participantId))?.kind ?? 'sign';

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

/** The state of an outside person's link, for the initiator and who runs the cabinet. */
function linkOf({ page, links }: RouteFacts, id: string, actor: Actor): RoutePerson['link'] {
  const link = links.get(id);
  if (!link || actor.kind !== 'member' || (actor.personId !== page.route.initiatorId && !runsCabinet(actor))) return null;
  return link.revokedAt ? 'revoked' : 'open';
}

/** Where a mail is: "sent" means the mail server took it, "opened" that the person followed the link. */
export function presentDelivery(state: MailRow['state'], at: Date, lastError: string, openedAt?: Date): Delivery {
  if (openedAt) return { state: 'opened', at: openedAt.toISOString() };
  const failed = state === 'refused' || state === 'failed';
  return { state: failed ? 'failed' : state === 'sent' ? 'sent' : 'queued', at: at.toISOString(), detail: lastError || null };
}

/** One signer of a report in the words' ids of the pages. */
export function presentSigner(
  report: SignerReport,
  extra: { id: string; purpose: Stage['kind']; at: Date | null; cmsUrl: string | null },
): SignatureView {
  const algorithm = report.checks.find((c) => c.name === 'algorithm')?.detail ?? '';
  return {
    id: extra.id,
    verdict: report.verdict,
    code: report.code,
    name: report.name ?? '—',
    iin: report.iin ?? '',
    organisation: report.organisation,
    bin: report.bin,
    roles: [...report.roles],
    purpose: extra.purpose,
    at: new Date(report.timeStamp?.time ?? extra.at ?? report.claimedTime ?? report.bestTime).toISOString(),
    timeSource: report.bestTimeSource === 'time-stamp' ? 'timestamp' : report.bestTimeSource === 'received' ? 'received' : 'claimed',
    level: report.level,
    checks: report.checks.map((c) => ({ name: c.name, result: c.result, detail: c.detail || null })),
    certificate: report.certificate && {
      serial: report.certificate.serial,
      issuer: report.certificate.issuer,
      algorithm,
      notBefore: new Date(report.certificate.notBefore).toISOString(),
      notAfter: new Date(report.certificate.notAfter).toISOString(),
    },
    cmsUrl: extra.cmsUrl,
    proof: null,
    reportUrl: null,
  };
}

/** A kept signature with the report it was accepted by. */
export const presentSignature = (signature: SignatureRecord, purpose: Stage['kind'], cmsUrl: string | null): SignatureView =>
  presentSigner(JSON.parse(signature.report) as SignerReport, { id: signature.id, purpose, at: signature.bestAt, cmsUrl });
