import type { MailOutcome } from '../../integrations/mail/mailer';
import type { WorkerDeps } from '../deps';
import { capabilityToken } from '../../storage/capabilities';
import { dueLetters, nextDue, noteLetter, type WaitingLetter } from '../../storage/outbox';

const batch = 50;
/** Waits between attempts, milliseconds; the last one repeats until `patienceMs` are over. A link to a new password is worthless after a day. */
const waitsMs = [5_000, 30_000, 120_000, 600_000] as const;
const patienceMs = 24 * 3_600_000;

/** Sends every letter that is due and says in how many milliseconds the next one will be; null when nothing waits. */
export async function deliverOutbox(deps: WorkerDeps): Promise<{ nextInMs: number | null }> {
  for (let page = await dueLetters(deps.db, deps.now(), batch); page.length > 0; page = await dueLetters(deps.db, deps.now(), batch))
    for (const letter of page) await deliver(deps, letter);
  const next = await nextDue(deps.db);
  return { nextInMs: next && Math.max(1_000, next.getTime() - deps.now().getTime()) };
}

async function deliver(deps: WorkerDeps, letter: WaitingLetter): Promise<void> {
  const now = deps.now();
  const outcome = await send(deps, letter);
  if (outcome.state === 'sent') return void (await noteLetter(deps.db, letter.id, { state: 'sent', reason: '', nextAt: null }, now));
  const waitMs = waitsMs[Math.min(letter.attempts, waitsMs.length - 1)] ?? patienceMs;
  const tried = waitsMs.slice(0, letter.attempts).reduce((sum, ms) => sum + ms, 0) + Math.max(0, letter.attempts - waitsMs.length) * waitMs;
  const isOver = outcome.state === 'refused' || tried > patienceMs;
  await noteLetter(
    deps.db,
    letter.id,
    {
      state: outcome.state === 'refused' ? 'refused' : isOver ? 'failed' : 'retrying',
      reason: outcome.reason,
      nextAt: isOver ? null : new Date(now.getTime() + waitMs),
    },
    now,
  );
}

/** A letter that cannot be written must not hold up those behind it. */
async function send(deps: WorkerDeps, letter: WaitingLetter): Promise<MailOutcome> {
  try {
    const mail = deps.renderMail(letter.template, dataOf(deps, letter), letter.language);
    return await deps.mailer.send({ to: letter.to, messageId: letter.id, ...mail });
  } catch (error) {
    deps.log.warn({ letter: letter.id, template: letter.template, reason: (error as Error).message }, 'a letter could not be written');
    return { state: 'refused', reason: 'the letter could not be written' };
  }
}

/** A letter with a link carries only what the link is about: the link itself is made again from the secret, and never stored. */
function dataOf(deps: WorkerDeps, { template, data }: WaitingLetter): Record<string, unknown> {
  if (template !== 'password-reset') return { ...data, url: `${deps.config.publicUrl}/sign-in` };
  const id = String(data.reset);
  return { ...data, url: `${deps.config.publicUrl}/sign-in/reset/${id}/${capabilityToken(deps.config.secrets, 'password-reset', id, 1)}` };
}
