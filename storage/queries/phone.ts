import type { PhoneAuthType, PhonePurpose, PhoneSignMethod, PhoneState } from '../../domain/phone/session';
import { change, execute, insert, select, selectOne } from '../sql';
import type { Db, Tx } from '../db';

/** One use of the phone. Addresses and tokens are kept as SHA-256 only. */
export type PhoneSession = {
  id: string;
  purpose: PhonePurpose;
  authType: PhoneAuthType;
  signMethod: PhoneSignMethod;
  state: PhoneState;
  /** Why it was refused. */
  code: string | null;
  organisationId: string | null;
  /** The member who signs; null for an outside person and before a sign-in. */
  personId: string | null;
  /** The place on a route of an outside person; null for members. */
  participantId: string | null;
  visitor: Buffer | null;
  /** Whose signature is wanted; null when any will say who it is. */
  iin: string | null;
  title: string;
  /** What is signed to enter or to confirm an account. */
  xml: string | null;
  codeVersion: number;
  tokenHash: Buffer;
  signerName: string | null;
  signerIin: string | null;
  signerBin: string | null;
  signerSerial: string | null;
  createdAt: Date;
  codeExpiresAt: Date;
  expiresAt: Date;
  checkingAt: Date | null;
  endedAt: Date | null;
  usedAt: Date | null;
};

/** One document of a session with its frozen signing session. `commandId` is also the id of its signature. */
export type PhoneItem = {
  id: string;
  phoneId: string;
  place: number;
  documentId: string;
  attempt: number;
  participantId: string;
  sessionId: string;
  commandId: string;
  sizeBytes: number;
  state: 'waiting' | 'sent' | 'done' | 'failed';
  code: string | null;
};

/** SHA-256 of everything that opens a session. */
export type PhoneHashes = { code: Buffer; link: Buffer; data: Buffer; token: Buffer };
/** Whose key has entered or confirmed, as its certificate names them. */
export type PhoneSigner = { name: string; iin: string; bin: string | null; serial: string };

const columns = `p.id, p.purpose, p.auth_type AS authType, p.sign_method AS signMethod, p.state, p.code, p.organisation_id AS organisationId,
  p.person_id AS personId, p.participant_id AS participantId, p.visitor, p.iin, p.title, p.xml, p.code_version AS codeVersion,
  p.token_hash AS tokenHash, p.signer_name AS signerName, p.signer_iin AS signerIin, p.signer_bin AS signerBin,
  p.signer_serial AS signerSerial, p.created_at AS createdAt, p.code_expires_at AS codeExpiresAt, p.expires_at AS expiresAt,
  p.checking_at AS checkingAt, p.ended_at AS endedAt, p.used_at AS usedAt`;

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
    auth_type: session.authType,
    sign_method: session.signMethod,
    state: 'created',
    organisation_id: session.organisationId,
    person_id: session.personId,
    participant_id: session.participantId,
    visitor: session.visitor,
    iin: session.iin,
    title: session.title.slice(0, 500),
    xml: session.xml,
    code_hash: hashes.code,
    code_version: 1,
    link_hash: hashes.link,
    data_hash: hashes.data,
    token_hash: hashes.token,
    created_at: session.createdAt,
    code_expires_at: session.codeExpiresAt,
    expires_at: session.expiresAt,
  };
  await insert(tx, 'phone_sessions', [row]);
  const rows = items.map((item, place) => ({
    id: item.id,
    phone_id: session.id,
    place,
    document_id: item.documentId,
    attempt: item.attempt,
    participant_id: item.participantId,
    session_id: item.sessionId,
    command_id: item.commandId,
    size_bytes: item.sizeBytes,
    state: 'waiting',
  }));
  await insert(tx, 'phone_items', rows);
}

/** The session with this id, or null; whose it is the caller must ask. */
export const phoneById = (db: Db, id: string): Promise<PhoneSession | null> =>
  selectOne<PhoneSession>(db, `SELECT ${columns} FROM phone_sessions p WHERE p.id = :id`, { id });

/** The session an offer's address belongs to, and whether it was the code's or the link's; null for an address nobody gave out. */
export const phoneByOffer = (db: Db, hash: Buffer): Promise<(PhoneSession & { by: 'code' | 'link' }) | null> =>
  selectOne<PhoneSession & { by: 'code' | 'link' }>(
    db,
    `SELECT ${columns}, IF(p.code_hash = :hash, 'code', 'link') AS \`by\` FROM phone_sessions p WHERE p.code_hash = :hash
     UNION ALL SELECT ${columns}, 'link' AS \`by\` FROM phone_sessions p WHERE p.link_hash = :hash LIMIT 1`,
    { hash },
  );

/** The session an address of documents belongs to, or null. */
export const phoneByData = (db: Db, hash: Buffer): Promise<PhoneSession | null> =>
  selectOne<PhoneSession>(db, `SELECT ${columns} FROM phone_sessions p WHERE p.data_hash = :hash`, { hash });

/** Documents of a session in their order. */
export async function phoneItems(db: Db, phoneId: string): Promise<PhoneItem[]> {
  const rows = await select<PhoneItem>(
    db,
    `SELECT i.id, i.phone_id AS phoneId, i.place, i.document_id AS documentId, i.attempt, i.participant_id AS participantId,
            i.session_id AS sessionId, i.command_id AS commandId, i.size_bytes AS sizeBytes, i.state, i.code
       FROM phone_items i WHERE i.phone_id = :phoneId ORDER BY i.place`,
    { phoneId },
  );
  return rows.map((row) => ({ ...row, sizeBytes: Number(row.sizeBytes) }));
}

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
export async function phoneDocuments(db: Db, phoneId: string): Promise<PhoneDocument[]> {
  const rows = await select<PhoneDocument>(
    db,
    `SELECT i.id, i.phone_id AS phoneId, i.place, i.document_id AS documentId, i.attempt, i.participant_id AS participantId,
            i.session_id AS sessionId, i.command_id AS commandId, i.size_bytes AS sizeBytes, i.state, i.code, d.title, d.number,
            o.name AS organisation, pe.name AS initiator, f.id AS fileId, f.name AS fileName, f.media_type AS mediaType,
            f.object_key AS objectKey
       FROM phone_items i JOIN documents d ON d.id = i.document_id JOIN organisations o ON o.id = d.organisation_id
       JOIN people pe ON pe.id = d.initiator_id JOIN signing_sessions s ON s.id = i.session_id JOIN files f ON f.id = s.file_id
      WHERE i.phone_id = :phoneId ORDER BY i.place`,
    { phoneId },
  );
  return rows.map((row) => ({ ...row, sizeBytes: Number(row.sizeBytes) }));
}

const stamps: Partial<Record<PhoneState, string>> = {
  fetched: 'fetched_at',
  given: 'given_at',
  checking: 'checking_at',
  signed: 'ended_at',
  refused: 'ended_at',
  expired: 'ended_at',
};

/** Moves a session on; false when another request was faster. A refusal carries its code. */
export const movePhone = async (
  db: Db,
  id: string,
  from: readonly PhoneState[],
  to: PhoneState,
  now: Date,
  code: string | null = null,
): Promise<boolean> => {
  const stamp = stamps[to];
  return (
    (await change(
      db,
      `UPDATE phone_sessions SET state = :to, code = :code${stamp ? `, ${stamp} = :now` : ''} WHERE id = :id AND state IN (:from)`,
      { id, from, to, code: code?.slice(0, 60) ?? null, now },
    )) === 1
  );
};

/** Ends the checking of an entry with the holder of the key; false when another request was faster. */
export const acceptPhoneSigner = async (db: Db, id: string, signer: PhoneSigner, now: Date): Promise<boolean> =>
  (await change(
    db,
    `UPDATE phone_sessions SET state = 'signed', ended_at = :now, signer_name = :name, signer_iin = :iin, signer_bin = :bin,
            signer_serial = :serial
      WHERE id = :id AND state = 'checking'`,
    { id, now, name: signer.name.slice(0, 300), iin: signer.iin, bin: signer.bin, serial: signer.serial.slice(0, 80) },
  )) === 1;

/** Uses a signed entry up; false when it has been used before. */
export const usePhone = async (db: Db, id: string, now: Date): Promise<boolean> =>
  (await change(db, "UPDATE phone_sessions SET used_at = :now WHERE id = :id AND state = 'signed' AND used_at IS NULL", { id, now })) === 1;

/** Puts another code in the place of the one shown; false when the phone has come meanwhile. */
export const renewPhoneCode = async (db: Db, id: string, version: number, codeHash: Buffer, until: Date): Promise<boolean> =>
  (await change(
    db,
    `UPDATE phone_sessions SET code_hash = :codeHash, code_version = :version, code_expires_at = :until
      WHERE id = :id AND state = 'created' AND code_version = :before`,
    { id, version, before: version - 1, codeHash, until },
  )) === 1;

/** Says that the signature of a document is on its way to its route. */
export const markPhoneItemSent = async (db: Db, id: string): Promise<void> =>
  void (await change(db, "UPDATE phone_items SET state = 'sent' WHERE id = :id AND state = 'waiting'", { id }));

/** Writes the outcome of one document; a success stands whatever is learned later. */
export const decidePhoneItem = async (
  db: Db,
  id: string,
  outcome: { state: 'done' | 'failed'; code: string | null },
  now: Date,
): Promise<void> =>
  void (await change(db, "UPDATE phone_items SET state = :state, code = :code, decided_at = :now WHERE id = :id AND state <> 'done'", {
    id,
    state: outcome.state,
    code: outcome.code?.slice(0, 60) ?? null,
    now,
  }));

/** Sessions that should have a run, in pages by id. */
export const livePhones = (db: Db, afterId: string, limit: number): Promise<{ id: string; expiresAt: Date }[]> =>
  select(
    db,
    `SELECT id, expires_at AS expiresAt FROM phone_sessions
      WHERE state IN ('created', 'fetched', 'given', 'checking') AND id > :afterId ORDER BY id LIMIT :limit`,
    { afterId, limit },
  );

/** How long a use of the phone is remembered after its end: entries a day, signings a quarter of a year. Milliseconds. */
const entryMemoryMs = 86_400_000;
const signingMemoryMs = 90 * 86_400_000;

/** Forgets uses of the phone that ended long ago; the signatures themselves are kept elsewhere. */
export async function sweepPhones(db: Db, now: Date): Promise<void> {
  const before = { entry: new Date(now.getTime() - entryMemoryMs), signing: new Date(now.getTime() - signingMemoryMs) };
  const old = "((p.purpose <> 'sign' AND p.expires_at < :entry) OR p.expires_at < :signing) AND p.state <> 'checking'";
  await execute(db, `DELETE i FROM phone_items i JOIN phone_sessions p ON p.id = i.phone_id WHERE ${old}`, before);
  await execute(db, `DELETE p FROM phone_sessions p WHERE ${old}`, before);
}
