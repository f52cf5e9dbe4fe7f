import type { SignerReport } from '../../signature';
import { appendAudit } from '../../storage/audit';
import { queue } from '../../storage/outbox';
import { confirmedIin, confirmIin, isIinKnown, membershipsByIin, othersOfIin } from '../../storage/queries/challenges';
import { holderOfIin, lockPeopleOf, type Membership, personById } from '../../storage/queries/people';
import { noteProof, type Session } from '../../storage/queries/sessions';
import type { Deps } from '../deps';
import { wakeSoon } from '../mail/wake';
import { vouched } from './directory-accounts';
import type { Entrant, ShownKey } from './entrant';

/** Who has answered a challenge, by a key that is good today. */
export type Signer = { iin: string; bin: string | null; name: string; serial: string };

/** The person behind a verified certificate. */
export const signerOf = (report: SignerReport, iin: string): Signer => ({
  iin,
  bin: report.bin,
  name: report.name ?? '',
  serial: report.serial ?? '',
});

export type Admitted = { ok: true; entrant: Entrant } | { ok: false; code: 'eds.unknown_iin' | 'eds.no_place' | 'sign_in.directory_down' };
/**
 * Ties an IIN to the person of a place by its key; null when done, `eds.iin_taken` when a colleague carries it. Accounts that showed the
 * same key before are told when this one is new.
 */
export async function joinByKey(
  deps: Deps,
  place: Pick<Membership, 'personId' | 'organisationId' | 'organisationName'>,
  key: ShownKey,
  means: 'eds' | 'qr',
): Promise<'eds.iin_taken' | null> {
  const now = deps.now();
  const { personId, organisationId } = place;
  const outcome = await deps.inTx(async (tx) => {
    await lockPeopleOf(tx, organisationId);
    if (await holderOfIin(tx, organisationId, key.iin, personId)) return 'eds.iin_taken';
    const before = await confirmedIin(tx, personId);
    await confirmIin(tx, personId, key, now);
    const others = before ? [] : await othersOfIin(tx, key.iin, personId);
    const person = await personById(tx, personId);
    await queue(
      tx,
      others.map(({ email, language, name }) => ({
        template: 'iin-elsewhere',
        to: email,
        language,
        data: { recipient: name, organisation: place.organisationName, at: now.toISOString(), serial: key.serial },
      })),
      now,
    );
    await appendAudit(tx, {
      organisationId,
      at: now,
      actor: { kind: 'member', id: personId, name: person?.name ?? '' },
      action: 'person.iin_confirmed',
      entityId: personId,
      commandId: deps.newId(),
      details: { serial: key.serial, means },
    });
    return others.length;
  });
  if (outcome === 'eds.iin_taken') return outcome;
  if (outcome > 0) wakeSoon(deps);
  return null;
}

/**
 * Where the holder of a key may work. People of several organisations may carry the same IIN; those this key has confirmed before come
 * first, and an organisation that has only written the number down is joined by choosing it.
 */
export async function admitSigner(deps: Deps, signer: Signer, source: 'eds' | 'qr'): Promise<Admitted> {
  const known = await membershipsByIin(deps.db, signer.iin);
  const { places, isDown } = await vouched(deps, known);
  const [first] = places;
  if (!first) {
    if (isDown) return { ok: false, code: 'sign_in.directory_down' };
    return { ok: false, code: known.length > 0 || (await isIinKnown(deps.db, signer.iin)) ? 'eds.no_place' : 'eds.unknown_iin' };
  }
  const confirmed = places.filter((place) => Boolean(place.isConfirmed));
  const candidates = confirmed.length > 0 ? confirmed : places;
  const wanted = candidates.length === 1 ? candidates[0] : candidates.find((place) => place.bin === signer.bin);
  const key = { iin: signer.iin, serial: signer.serial };
  if (wanted && !wanted.isConfirmed) await joinByKey(deps, wanted, key, source);
  return {
    ok: true,
    entrant: { personId: first.personId, login: '', source, proof: 'key', key, places, wanted: wanted ?? null },
  };
}

/** Ties the IIN of a verified key to the signed-in person; null when done, else why not. */
export async function confirmAccount(deps: Deps, session: Session | null, signer: Signer, means: 'eds' | 'qr'): Promise<string | null> {
  const organisation = session?.organisation;
  if (!session || !organisation) return 'sign_in.needed';
  if (session.person.iin && session.person.iin !== signer.iin) return 'eds.other_iin';
  const key = { iin: signer.iin, serial: signer.serial };
  const problem = await joinByKey(
    deps,
    { personId: session.person.id, organisationId: organisation.id, organisationName: organisation.name },
    key,
    means,
  );
  if (problem === null) await noteProof(deps.db, session.id, { proof: 'key', key }, deps.now());
  return problem;
}
