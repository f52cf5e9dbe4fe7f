import type { SignInRules } from '../domain/people/proofs';
import type { OrganisationRole } from '../domain/people/roles';

/** What an entry of the log is about. */
export type AuditEntity = 'document' | 'person' | 'settings' | 'group';

type File = { file: string; bytes: number; sha256: string };
type Answer = { attempt: number; stage: number; ended?: string; participant?: string; remark?: string };
type Signed = Answer & { signature: string; cms?: string | undefined; serial?: string | undefined; verdict?: string | undefined };
type Seen = { document: string; address: string; login?: string; what?: string };
type Proof = { signature: string; signer: string; verdict: string; code: string; level: string; cms?: string | undefined };
type Batch = { purpose: string; total: number; done: number; failed: number };
type Nothing = Record<string, never>;

/** What each action of the log says beside who, when and about what: ids, states and short texts, hashed as they are stored. */
export type AuditDetails = {
  'account.disabled': { login: string };
  'account.enabled': { login: string };
  'document.downloaded': Seen;
  'document.restored': Nothing;
  'document.reuploaded': File & { version: number };
  'document.trashed': Nothing;
  'document.uploaded': File;
  'document.viewed': Seen;
  'group.done': Batch;
  'group.expired': Batch;
  'group.started': { purpose: string; documents: number };
  'group.stopped': Batch | Nothing;
  'person.created': { login: string; role: OrganisationRole };
  'person.disabled': Nothing;
  'person.enabled': Nothing;
  'person.iin_confirmed': { serial: string; means: string };
  'person.left_directory': { login: string; why: string };
  'person.password_changed': { login: string; by: string; address: string };
  'person.password_reset': Nothing;
  'person.recovery_codes_made': { login: string };
  'person.role_changed': { role: OrganisationRole; login?: string; by?: string };
  'person.second_factor_off': { login?: string };
  'person.second_factor_on': { login: string };
  'person.sign_in_refused': { login: string; address: string; code: string };
  'person.signed_in': { source: string; proof: string; login: string; address: string };
  'route.approved': Answer;
  'route.expired': Answer;
  'route.extended': Answer & { due: number | null };
  'route.guest_key_shown': { participant: string; attempt: number; serial: string };
  'route.link_revoked': { participant: string; attempt: number };
  'route.refused': Answer;
  'route.reminded': Answer;
  'route.sent': { attempt: number; stages: number; people: number; sha256: string };
  'route.signed': Signed;
  'route.withdrawn': Answer;
  'settings.directory_mapping': { mapping: readonly { group: string; role: OrganisationRole }[] };
  'settings.module_off': { module: string };
  'settings.module_on': { module: string };
  'settings.sign_in_rules': { rules: SignInRules };
  'signature.disproved': Proof;
  'signature.proved': Proof;
  'signature.unproved': Proof;
};
export type AuditAction = keyof AuditDetails;

/** What each action is about; a look at a document stands beside the person who looked, not in the history of the document. */
export const entityOf: Readonly<Record<AuditAction, AuditEntity>> = {
  'account.disabled': 'person',
  'account.enabled': 'person',
  'document.downloaded': 'person',
  'document.restored': 'document',
  'document.reuploaded': 'document',
  'document.trashed': 'document',
  'document.uploaded': 'document',
  'document.viewed': 'person',
  'group.done': 'group',
  'group.expired': 'group',
  'group.started': 'group',
  'group.stopped': 'group',
  'person.created': 'person',
  'person.disabled': 'person',
  'person.enabled': 'person',
  'person.iin_confirmed': 'person',
  'person.left_directory': 'person',
  'person.password_changed': 'person',
  'person.password_reset': 'person',
  'person.recovery_codes_made': 'person',
  'person.role_changed': 'person',
  'person.second_factor_off': 'person',
  'person.second_factor_on': 'person',
  'person.sign_in_refused': 'person',
  'person.signed_in': 'person',
  'route.approved': 'document',
  'route.expired': 'document',
  'route.extended': 'document',
  'route.guest_key_shown': 'document',
  'route.link_revoked': 'document',
  'route.refused': 'document',
  'route.reminded': 'document',
  'route.sent': 'document',
  'route.signed': 'document',
  'route.withdrawn': 'document',
  'settings.directory_mapping': 'settings',
  'settings.module_off': 'settings',
  'settings.module_on': 'settings',
  'settings.sign_in_rules': 'settings',
  'signature.disproved': 'document',
  'signature.proved': 'document',
  'signature.unproved': 'document',
};
