import { appendAudit } from '../../storage/audit';
import { capabilityToken } from '../../storage/capabilities';
import { type Letter, queue } from '../../storage/outbox';
import { insertReset } from '../../storage/queries/accounts';
import { membershipsOf, personById } from '../../storage/queries/people';
import { revokeOtherSessions } from '../../storage/queries/sessions';
import { installation } from '../../storage/queries/settings';
import type { Deps } from '../deps';
import type { Tx } from '../../storage/db';

/** How long a link given out by an administrator works. Milliseconds. */
export const givenLifeMs = 24 * 3_600_000;

/** The address of a link to a new password. Its token is made from the installation's secret and kept nowhere. */
export const resetUrl = (config: Pick<Deps['config'], 'publicUrl' | 'secrets'>, id: string): string =>
  `${config.publicUrl}/sign-in/reset/${id}/${capabilityToken(config.secrets, 'password-reset', id, 1)}`;

/** Stores that a link to a new password is given out; returns its id. */
export async function giveReset(deps: Deps, tx: Tx, accountId: string, lifeMs: number): Promise<string> {
  const now = deps.now();
  const id = deps.newId();
  await insertReset(tx, { id, accountId, expiresAt: new Date(now.getTime() + lifeMs) }, now);
  return id;
}

/** The letter with a link to a new password. */
export const resetLetter = (
  person: { email: string; language: Letter['language']; name: string; login: string; organisation: string },
  reset: string,
  hours: number,
): Letter => ({
  template: 'password-reset',
  to: person.email,
  language: person.language,
  data: { recipient: person.name, organisation: person.organisation, login: person.login, reset, hours },
});

/** Writes down that a password was changed, ends the sessions opened with the old one, and tells its owner. */
export async function passwordChanged(
  deps: Deps,
  tx: Tx,
  account: { personId: string; login: string },
  how: { by: 'owner' | 'link'; keptSession: string; address: string },
): Promise<void> {
  const now = deps.now();
  await revokeOtherSessions(tx, account.personId, how.keptSession, now);
  const person = await personById(tx, account.personId);
  const places = await membershipsOf(tx, account.personId);
  if (person?.email)
    await queue(
      tx,
      [
        {
          template: 'password-changed',
          to: person.email,
          language: person.language,
          data: {
            recipient: person.name,
            organisation: places[0]?.organisationName ?? 'Kense',
            login: account.login,
            at: now.toISOString(),
            address: how.address,
          },
        },
      ],
      now,
    );
  await appendAudit(tx, {
    organisationId: places[0]?.organisationId ?? installation,
    at: now,
    actor: { kind: 'member', id: account.personId, name: person?.name ?? '' },
    action: 'person.password_changed',
    entityId: account.personId,
    commandId: deps.newId(),
    details: { login: account.login, by: how.by, address: how.address },
  });
}
