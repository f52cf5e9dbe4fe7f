import { ApplicationFailure } from '@temporalio/common';
import { formatHead } from '../../domain/audit/heads';
import { zoneOffsetMs } from '../../domain/routes/draft';
import { describeProblem } from '../../integrations/pki/pki';
import type { WorkerDeps } from '../deps';
import { digest } from '../../signature';
import { currentHeads } from '../../storage/audit-verify';
import { headsToStamp, noteHeadMail, ownersToTell, saveAuditStamp } from '../../storage/queries/audit-heads';

/** A head that has not moved is stamped again after this long: once a night, and not twice when a night's run is repeated. Milliseconds. */
const stampLifeMs = 20 * 3_600_000;

/** Has the head of every audit log time-stamped; one that stands still again, so that the newest stamp is never old. */
export async function stampHeads(deps: WorkerDeps): Promise<{ stamped: number }> {
  let stamped = 0;
  for (const head of await headsToStamp(deps.db, new Date(deps.now().getTime() - stampLifeMs))) {
    const answer = await deps.pki.timeStamp({ algorithm: 'streebog512', imprint: digest('streebog512', head.hash) });
    if (!answer.ok) throw ApplicationFailure.retryable(describeProblem(answer.problem), 'NoTimeStamp');
    await saveAuditStamp(deps.db, { ...head, token: Buffer.from(answer.token), stampedAt: deps.now() });
    stamped++;
  }
  return { stamped };
}

/** Keeps all heads in the object store, where it offers it against deletion. */
export async function keepHeads(deps: WorkerDeps): Promise<{ isLocked: boolean }> {
  const at = deps.now();
  const heads = await currentHeads(deps.db, at);
  if (heads.length === 0) return { isLocked: false };
  const { key, isLocked } = await deps.heads.keep(heads, at);
  if (!isLocked) deps.log.warn({ key }, 'the heads of the audit log are kept, but the object store cannot lock them');
  return { isLocked };
}

/** Mails each organisation's head to its owners, once a night. While the mail server may still take them the call fails and is to be made again. */
export async function mailHeads(deps: WorkerDeps): Promise<{ mailed: number }> {
  const at = deps.now();
  const night = new Date(at.getTime() + zoneOffsetMs).toISOString().slice(0, 10);
  const owners = await ownersToTell(deps.db, night);
  const heads = new Map((await currentHeads(deps.db, at)).map((head) => [head.organisationId, head]));
  let [mailed, waiting] = [0, ''];
  for (const [organisationId, recipients] of owners) {
    const head = heads.get(organisationId);
    if (!head) continue;
    let isTold = true;
    for (const { personId, name, email, language, organisation } of recipients) {
      const data = {
        recipient: name,
        organisation,
        title: organisation,
        number: null,
        url: `${deps.config.publicUrl}/`,
        rows: head.seq,
        line: formatHead(head),
        at: head.at,
      };
      const messageId = `heads-${organisationId}-${night}-${personId}`; // a repeat is the same mail
      const outcome = await deps.mailer.send({ to: email, messageId, ...deps.renderMail('audit-head', data, language) });
      if (outcome.state === 'sent') mailed++;
      if (outcome.state !== 'try-later') continue;
      isTold = false;
      waiting = outcome.reason;
    }
    if (isTold) await noteHeadMail(deps.db, organisationId, night, at);
  }
  if (waiting) throw ApplicationFailure.retryable(`mail server: ${waiting}`, 'MailWaits');
  return { mailed };
}
