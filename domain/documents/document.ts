import type { Actor } from '../people/roles';
import { runsCabinet } from '../people/roles';

/** Where a document stands; every state but `draft` mirrors its last route. */
export const documentStates = ['draft', 'in-signing', 'signed', 'refused', 'expired', 'withdrawn'] as const;
export type DocumentState = (typeof documentStates)[number];
export const directions = ['outgoing', 'incoming', 'internal'] as const;
export type Direction = (typeof directions)[number];
export const documentKinds = ['contract', 'act', 'invoice', 'power-of-attorney', 'order', 'letter', 'application', 'other'] as const;
export type DocumentKind = (typeof documentKinds)[number];

/** What decides about a document; its card and names stay in the row. */
export type DocumentFacts = {
  organisationId: string;
  initiatorId: string;
  state: DocumentState;
  trashed: boolean;
  /** True once anyone has answered on any route: the file may then only be replaced by a new attempt. */
  answered: boolean;
};

export const documentActions = ['edit-card', 'edit-route', 'replace-file', 'trash', 'restore'] as const;
export type DocumentAction = (typeof documentActions)[number];

/** Whether this actor may do this to this document now; the same answer draws the button and guards the command. */
export function mayDocument(actor: Actor, action: DocumentAction, document: DocumentFacts): boolean {
  if (actor.kind !== 'member' || actor.organisationId !== document.organisationId) return false;
  if (actor.personId !== document.initiatorId && !runsCabinet(actor)) return false;
  if (document.trashed) return action === 'restore';
  switch (action) {
    case 'edit-card':
      return document.state !== 'in-signing' && document.state !== 'signed';
    case 'edit-route':
    case 'replace-file':
      return document.state !== 'in-signing' && document.state !== 'signed';
    case 'trash':
      return document.state !== 'in-signing' && document.state !== 'signed';
    case 'restore':
      return false;
  }
}
