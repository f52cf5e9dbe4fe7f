import type { GroupCounts, GroupPurpose, GroupState, ItemState } from '../../domain/groups/group';
import type { ModuleName } from '../../domain/settings/modules';
import type { Due, ErrorRef, FileView, Instant } from '../views';

/** One document of a group. `reason` says why it was not answered. */
export interface GroupRow {
  id: string;
  /** From 1. */
  n: number;
  href: string;
  title: string;
  documentKind: string;
  sizeBytes: number;
  counterparty: string | null;
  initiator: string;
  kind: 'sign' | 'approve';
  due: Due | null;
  state: ItemState;
  reason: ErrorRef | null;
  decidedAt: Instant | null;
}

/**
 * GET /groups/:id: a list to look through (`listed`), work under way (`running`) or a summary. Forms: POST …/start {command, remark for
 * refusals}, …/items/:item/remove, …/stop {command}; with the key: POST …/next, …/signatures (JSON).
 */
export interface GroupPage {
  id: string;
  base: string;
  purpose: GroupPurpose;
  state: GroupState;
  createdAt: Instant;
  startedAt: Instant | null;
  endedAt: Instant | null;
  expiresAt: Instant;
  counts: GroupCounts;
  /** Of the whole list: how many wait for a signature and for an approval. */
  kinds: { sign: number; approve: number };
  /** Signatures that still need the key. */
  unsigned: number;
  sizeBytes: number;
  estimateMs: number;
  certificateName: string;
  remark: string;
  errors: Record<string, ErrorRef>;
  rows: GroupRow[];
  /** Documents not answered that could be put into a new group. */
  canTryAgain: boolean;
  command: string;
  signer: { name: string; iin: string | null };
  organisation: { name: string; bin: string };
  ncalayerUrl: string;
  simulatorUrl: string | null;
}
/** GET /groups/:id/items/:item/look */
export interface GroupLookPage {
  base: string;
  documentHref: string;
  title: string;
  file: FileView;
}
/** A line of the list «to sign»: a group that waits for its person. */
export interface OpenGroup {
  href: string;
  purpose: GroupPurpose;
  state: GroupState;
  answered: number;
  total: number;
}
/** What the list «to sign» offers for many documents at once; null when the module is off. */
export interface ChooseMany {
  command: string;
  /** Documents the filter finds, at most `limit`. */
  all: number;
  limit: number;
  /** Documents may be signed with the phone together. */
  usesPhone: boolean;
}

/** POST /groups/:id/next */
export interface ChunkJson {
  form: 'bytes' | 'streebog512' | 'sha256';
  items: {
    id: string;
    title: string;
    documentUrl: string;
    sizeBytes: number;
    digestSha256: string;
    digestStreebog: string;
  }[];
  extKeyUsageOids: string[];
  iin: string;
  bin: string | null;
  chain: string[] | null;
  wantsTimestamp: boolean;
  counts: GroupCounts;
  unsigned: number;
}
/** POST /groups/:id/signatures: outcomes in words. `key` is a refusal of the key before anything was signed: nothing has happened yet. */
export interface OutcomesJson {
  outcomes: { id: string; state: ItemState; text: string }[];
  key: string | null;
  counts: GroupCounts;
  unsigned: number;
}

/** GET /settings/modules; POST /settings/modules/:name {command, on: yes|no}. */
export interface ModulesPage {
  modules: { name: ModuleName; icon: string; isOn: boolean; changedBy: string | null; changedAt: Instant | null; command: string }[];
}
