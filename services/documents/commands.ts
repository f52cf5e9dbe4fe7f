import { mayDocument } from '../../domain/documents/document';
import { titleFromFileName } from '../../domain/documents/file-type';
import { isUlid } from '../../domain/ids';
import { type Member, runsCabinet } from '../../domain/people/roles';
import { Refusal } from '../../domain/refusals';
import { emptyDraft } from '../../domain/routes/draft';
import { newCapability } from '../../storage/capabilities';
import { type Act, CommandUsed, perform } from '../../storage/command';
import {
  type Document,
  insertDocument,
  insertFile,
  lastFileVersion,
  lockDocument,
  replaceFile,
  setTrashed,
} from '../../storage/queries/documents';
import { revokeInvitation } from '../../storage/queries/invitations';
import { participantById } from '../../storage/queries/routes';
import type { Deps } from '../deps';
import type { Place } from './place';
import { discard, type Received } from './upload';

const fileFacts = (file: Received) => ({ file: file.name, bytes: file.sizeBytes, sha256: file.sha256.toString('hex') });

/**
 * Makes a draft of a stored file and returns its id; the same command again answers with the draft it made. Null, with the file removed,
 * where the command was used for another file: a form is sent once, and nothing may vanish behind its first answer.
 */
export async function makeDraft(deps: Deps, act: Act, me: Member, file: Received): Promise<string | null> {
  const id = deps.newId();
  const { organisationId } = me;
  const { hash: checkHash } = newCapability(deps.config.secrets, 'check', id, 1);
  const facts = fileFacts(file);
  const draft = {
    id,
    organisationId,
    initiatorId: me.personId,
    title: titleFromFileName(file.name),
    routeDraft: emptyDraft,
    checkHash,
    file,
  };
  const made = await perform(deps, act, { organisationId, id: organisationId }, 'document.uploaded', async (tx) => {
    await insertDocument(tx, { ...draft, kind: 'other', direction: 'internal' }, act.at);
    return { details: facts, result: { id, sha256: facts.sha256 }, made: id };
  }).catch((error: unknown) => {
    if (error instanceof CommandUsed) return null;
    throw error;
  });
  if (made?.id !== id) await discard(deps, file.objectKey); // a repeat: the first upload stands
  return made?.sha256 === facts.sha256 ? made.id : null;
}

/** Puts a new file under a refused, expired or withdrawn document: the next sending is a new attempt. */
export async function keepNewVersion(deps: Deps, act: Act, me: Member, document: Document, file: Received): Promise<void> {
  const facts = fileFacts(file);
  const kept = await perform(deps, act, { organisationId: me.organisationId, id: document.id }, 'document.reuploaded', async (tx) => {
    const locked = await lockDocument(tx, document.id);
    if (!locked || !mayDocument(me, 'replace-file', locked)) throw new Refusal('document.wrong_state');
    const version = (await lastFileVersion(tx, document.id)) + 1;
    await insertFile(tx, document.id, { ...file, version }, me.personId, act.at);
    if ((await replaceFile(tx, document.id, locked.rev, file.id, act.at)) === 0) throw new Refusal('document.stale');
    return { details: { ...facts, version }, result: { id: file.id, sha256: facts.sha256 } };
  });
  if (kept.id === file.id) return;
  await discard(deps, file.objectKey);
  if (kept.sha256 !== facts.sha256) throw new Refusal('upload.form_used');
}

/** Puts a document into the trash, or takes it back out. */
export async function moveToTrash(deps: Deps, act: Act, me: Member, documentId: string, into: boolean): Promise<void> {
  const on = { organisationId: me.organisationId, id: documentId };
  await perform(deps, act, on, into ? 'document.trashed' : 'document.restored', async (tx) => {
    const locked = await lockDocument(tx, documentId);
    if (!locked || !mayDocument(me, into ? 'trash' : 'restore', locked)) throw new Refusal('document.wrong_state');
    await setTrashed(tx, documentId, locked.rev, into ? act.at : null, act.at);
    return { details: {}, result: null };
  });
}

/** Stops the link of an outside person at once; a reminder by hand sends a new one. */
export async function revokeLink(deps: Deps, act: Act, { document, actor }: Place, participantId: string | undefined): Promise<void> {
  if (actor.kind !== 'member' || (actor.personId !== document.initiatorId && !runsCabinet(actor))) throw new Refusal('route.forbidden');
  const participant = isUlid(participantId) ? await participantById(deps.db, participantId) : null;
  if (!participant || participant.documentId !== document.id || participant.personId !== null) throw new Refusal('not_found');
  const { organisationId, id } = document;
  await perform(deps, act, { organisationId, id }, 'route.link_revoked', async (tx) => {
    await revokeInvitation(tx, participant.id, act.at);
    return { details: { participant: participant.id, attempt: participant.attempt }, result: null };
  });
}
