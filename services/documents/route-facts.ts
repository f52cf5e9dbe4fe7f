import type { Document } from '../../storage/queries/documents';
import { type Evidence, evidenceWithReports } from '../../storage/queries/evidence';
import { linksOf } from '../../storage/queries/invitations';
import { type Delivery as MailRow, lastMails } from '../../storage/queries/mail';
import type { RoutePage } from '../../storage/queries/routes';
import { type SignatureRecord, signaturesOf } from '../../storage/queries/signatures';
import type { Deps } from '../deps';
import { checkPath } from './place';

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

/** What the timeline shows beside the route itself. */
export async function routeFacts(deps: Deps, document: Document, page: RoutePage): Promise<RouteFacts> {
  const [mails, signatures, links] = await Promise.all([
    lastMails(deps.db, page.route.id),
    signaturesOf(deps.db, page.route.id),
    linksOf(deps.db, page.route.id),
  ]);
  const evidence = await evidenceWithReports(
    deps.db,
    signatures.map((s) => s.id),
  );
  return {
    page,
    mails,
    signatures,
    evidence,
    links: new Map(links.map((link) => [link.id, link])),
    checkUrl: checkPath(deps, document),
  };
}
