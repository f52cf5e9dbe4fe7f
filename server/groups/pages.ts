import type { GroupCounts, GroupPurpose, GroupState, ItemState } from '../../domain/groups/group';
import type { ErrorRef, Instant } from '../../services/texts/types';
import type { Due } from '../kit/parts/due';
import type { FileView } from '../kit/parts/file';

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

/** POST /groups/:id/signatures: outcomes in words. `key` is a refusal of the key before anything was signed: nothing has happened yet. */
export interface OutcomesJson {
  outcomes: { id: string; state: ItemState; text: string }[];
  key: string | null;
  counts: GroupCounts;
  unsigned: number;
}

declare module '../kit/views' {
  interface Pages {
    'pages/groups/show': GroupPage;
  }
  interface Fragments {
    'fragments/groups/work': GroupPage;
    'fragments/groups/look': GroupLookPage;
  }
}
