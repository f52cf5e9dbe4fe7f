import { expressionBuilder, type Selectable, type Updateable } from 'kysely';
import type { PhoneState } from '../../domain/phone/session';
import type { PhoneItems, PhoneSessions, Schema } from '../schema';
import { changes } from '../sql';
import type { Db, Tx } from '../db';

/**
 * One use of the phone; addresses and tokens are kept as SHA-256 only. `personId` is the member who signs, null for an outside person and
 * before a sign-in; `participantId` the place on a route of an outside person; `iin` whose signature is wanted, null when any will say who
 * it is; `xml` what is signed to enter or to confirm an account; `code` why it was refused.
 */
export type PhoneSession = Omit<Selectable<PhoneSessions>, 'codeHash' | 'linkHash' | 'dataHash' | 'fetchedAt' | 'givenAt'>;

/** One document of a session with its frozen signing session. `commandId` is also the id of its signature. */
export type PhoneItem = Omit<Selectable<PhoneItems>, 'decidedAt'>;

/** SHA-256 of everything that opens a session. */
export type PhoneHashes = { code: Buffer; link: Buffer; data: Buffer; token: Buffer };
/** Whose key has entered or confirmed, as its certificate names them. */
export type PhoneSigner = { name: string; iin: string; bin: string | null; serial: string };

const columns = [
  ...['id', 'purpose', 'authType', 'signMethod', 'state', 'code', 'organisationId', 'personId', 'participantId', 'visitor'],
  ...['iin', 'title', 'xml', 'codeVersion', 'tokenHash', 'signerName', 'signerIin', 'signerBin', 'signerSerial'],
  ...['createdAt', 'codeExpiresAt', 'expiresAt', 'checkingAt', 'endedAt', 'usedAt'],
] as const;
const itemColumns = [
  ...['i.id', 'i.phoneId', 'i.place', 'i.documentId', 'i.attempt', 'i.participantId', 'i.sessionId'],
  ...['i.commandId', 'i.sizeBytes', 'i.state', 'i.code'],
] as const;

type NewSession = Pick<
  PhoneSession,
  | 'id'
  | 'purpose'
  | 'authType'
  | 'signMethod'
  | 'organisationId'
  | 'personId'
  | 'participantId'
  | 'visitor'
  | 'iin'
  | 'title'
  | 'xml'
  | 'createdAt'
  | 'codeExpiresAt'
  | 'expiresAt'
>;

/** Stores a session with its documents in this order. */
export async function insertPhone(
  tx: Tx,
  session: NewSession,
  hashes: PhoneHashes,
  items: readonly Omit<PhoneItem, 'phoneId' | 'place' | 'state' | 'code'>[],
): Promise<void> {
  const row = {
    id: session.id,
    purpose: session.purpose,
    authType: session.authType,
    signMethod: session.signMethod,
    state: 'created' as const,
    organisationId: session.organisationId,
    personId: session.personId,
    participantId: session.participantId,
    visitor: session.visitor,
    iin: session.iin,
    title: session.title.slice(0, 500),
    xml: session.xml,
    codeHash: hashes.code,
    codeVersion: 1,
    linkHash: hashes.link,
    dataHash: hashes.data,
    tokenHash: hashes.token,
    createdAt: session.createdAt,
    codeExpiresAt: session.codeExpiresAt,
    expiresAt: session.expiresAt,
  };
  await tx.insertInto('phoneSessions').values(row).execute();
  const rows = items.map((item, place) => ({
    id: item.id,
    phoneId: session.id,
    place,
    documentId: item.documentId,
    attempt: item.attempt,
    participantId: item.participantId,
    sessionId: item.sessionId,
    commandId: item.commandId,
    sizeBytes: item.sizeBytes,
    state: 'waiting' as const,
  }));
  if (rows.length > 0) await tx.insertInto('phoneItems').values(rows).execute();
}

/** The session with this id, or null; whose it is the caller must ask. */
export const phoneById = async (db: Db, id: string): Promise<PhoneSession | null> =>
  (await db.selectFrom('phoneSessions').select(columns).where('id', '=', id).executeTakeFirst()) ?? null;

/** The session an offer's address belongs to, and whether it was the code's or the link's; null for an address nobody gave out. */
export async function phoneByOffer(db: Db, hash: Buffer): Promise<(PhoneSession & { by: 'code' | 'link' }) | null> {
  const found = (by: 'code' | 'link') =>
    db
      .selectFrom('phoneSessions')
      .select(columns)
      .select((eb) => eb.val(by).as('by'))
      .where(`${by}Hash`, '=', hash);
  return (await found('code').unionAll(found('link')).limit(1).executeTakeFirst()) ?? null;
}

/** The session an address of documents belongs to, or null. */
export const phoneByData = async (db: Db, hash: Buffer): Promise<PhoneSession | null> =>
  (await db.selectFrom('phoneSessions').select(columns).where('dataHash', '=', hash).executeTakeFirst()) ?? null;

/** Documents of a session in their order. */
export const phoneItems = (db: Db, phoneId: string): Promise<PhoneItem[]> =>
  db.selectFrom('phoneItems as i').select(itemColumns).where('i.phoneId', '=', phoneId).orderBy('i.place').execute();

export type PhoneDocument = PhoneItem & {
  title: string;
  number: string;
  organisation: string;
  initiator: string;
  fileId: string;
  fileName: string;
  mediaType: string;
  objectKey: string;
};

/** Documents of a session as the phone and its page show them: the file is the one that was frozen. */
export const phoneDocuments = (db: Db, phoneId: string): Promise<PhoneDocument[]> =>
  db
    .selectFrom('phoneItems as i')
    .innerJoin('documents as d', 'd.id', 'i.documentId')
    .innerJoin('organisations as o', 'o.id', 'd.organisationId')
    .innerJoin('people as pe', 'pe.id', 'd.initiatorId')
    .innerJoin('signingSessions as s', 's.id', 'i.sessionId')
    .innerJoin('files as f', 'f.id', 's.fileId')
    .select(itemColumns)
    .select(['d.title', 'd.number', 'o.name as organisation', 'pe.name as initiator'])
    .select(['f.id as fileId', 'f.name as fileName', 'f.mediaType', 'f.objectKey'])
    .where('i.phoneId', '=', phoneId)
    .orderBy('i.place')
    .execute();

const stamps: Partial<Record<PhoneState, (now: Date) => Updateable<PhoneSessions>>> = {
  fetched: (fetchedAt) => ({ fetchedAt }),
  given: (givenAt) => ({ givenAt }),
  checking: (checkingAt) => ({ checkingAt }),
  signed: (endedAt) => ({ endedAt }),
  refused: (endedAt) => ({ endedAt }),
  expired: (endedAt) => ({ endedAt }),
};

/** Moves a session on; false when another request was faster. A refusal carries its code. */
export const movePhone = async (
  db: Db,
  id: string,
  from: readonly PhoneState[],
  to: PhoneState,
  now: Date,
  code: string | null = null,
): Promise<boolean> =>
  (await changes(
    db
      .updateTable('phoneSessions')
      .set({ state: to, code: code?.slice(0, 60) ?? null, ...stamps[to]?.(now) })
      .where('id', '=', id)
      .where('state', 'in', from),
  )) === 1;

/** Ends the checking of an entry with the holder of the key; false when another request was faster. */
export const acceptPhoneSigner = async (db: Db, id: string, signer: PhoneSigner, now: Date): Promise<boolean> =>
  (await changes(
    db
      .updateTable('phoneSessions')
      .set({ state: 'signed', endedAt: now, signerName: signer.name.slice(0, 300), signerIin: signer.iin })
      .set({ signerBin: signer.bin, signerSerial: signer.serial.slice(0, 80) })
      .where('id', '=', id)
      .where('state', '=', 'checking'),
  )) === 1;

/** Uses a signed entry up; false when it has been used before. */
export const usePhone = async (db: Db, id: string, now: Date): Promise<boolean> =>
  (await changes(
    db.updateTable('phoneSessions').set({ usedAt: now }).where('id', '=', id).where('state', '=', 'signed').where('usedAt', 'is', null),
  )) === 1;

/** Puts another code in the place of the one shown; false when the phone has come meanwhile. */
export const renewPhoneCode = async (db: Db, id: string, version: number, codeHash: Buffer, until: Date): Promise<boolean> =>
  (await changes(
    db
      .updateTable('phoneSessions')
      .set({ codeHash, codeVersion: version, codeExpiresAt: until })
      .where('id', '=', id)
      .where('state', '=', 'created')
      .where('codeVersion', '=', version - 1),
  )) === 1;

/** Says that the signature of a document is on its way to its route. */
export const markPhoneItemSent = async (db: Db, id: string): Promise<void> =>
  void (await db.updateTable('phoneItems').set({ state: 'sent' }).where('id', '=', id).where('state', '=', 'waiting').execute());

/** Writes the outcome of one document; a success stands whatever is learned later. */
export const decidePhoneItem = async (
  db: Db,
  id: string,
  outcome: { state: 'done' | 'failed'; code: string | null },
  now: Date,
): Promise<void> =>
  void (await db
    .updateTable('phoneItems')
    .set({ state: outcome.state, code: outcome.code?.slice(0, 60) ?? null, decidedAt: now })
    .where('id', '=', id)
    .where('state', '<>', 'done')
    .execute());

/** Sessions that should have a run, in pages by id. */
export const livePhones = (db: Db, afterId: string, limit: number): Promise<{ id: string; expiresAt: Date }[]> =>
  db
    .selectFrom('phoneSessions')
    .select(['id', 'expiresAt'])
    .where('state', 'in', ['created', 'fetched', 'given', 'checking'])
    .where('id', '>', afterId)
    .orderBy('id')
    .limit(limit)
    .execute();

/** How long a use of the phone is remembered after its end: entries a day, signings a quarter of a year. Milliseconds. */
const entryMemoryMs = 86_400_000;
const signingMemoryMs = 90 * 86_400_000;

/** Forgets uses of the phone that ended long ago; the signatures themselves are kept elsewhere. */
export async function sweepPhones(db: Db, now: Date): Promise<void> {
  const eb = expressionBuilder<Schema, 'phoneSessions'>();
  const isOver = (memoryMs: number) => eb('phoneSessions.expiresAt', '<', new Date(now.getTime() - memoryMs));
  const isOld = eb.and([
    eb.or([eb('phoneSessions.purpose', '<>', 'sign').and(isOver(entryMemoryMs)), isOver(signingMemoryMs)]),
    eb('phoneSessions.state', '<>', 'checking'),
  ]);
  await db
    .deleteFrom('phoneItems')
    .using('phoneItems')
    .innerJoin('phoneSessions', 'phoneSessions.id', 'phoneItems.phoneId')
    .where(isOld)
    .execute();
  await db.deleteFrom('phoneSessions').where(isOld).execute();
}
