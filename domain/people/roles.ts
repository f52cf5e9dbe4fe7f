/** Roles a person holds in one organisation, strongest first. */
export const organisationRoles = ['owner', 'admin', 'employee', 'user'] as const;
export type OrganisationRole = (typeof organisationRoles)[number];

/** A person acting inside one organisation. */
export type Member = { kind: 'member'; personId: string; organisationId: string; role: OrganisationRole };
/** An outside person who came by a one-person link; sees one document only. */
export type Guest = { kind: 'guest'; participantId: string; organisationId: string };
export type Actor = Member | Guest;

/** Under what an actor's commands are kept: the person, the place on a route, or the house itself. */
export const actorKey = (by: Actor | { kind: 'system' }): string =>
  by.kind === 'member' ? by.personId : by.kind === 'guest' ? by.participantId : 'system';

/** Owners and administrators run the cabinet: settings, people, every document of the organisation. */
export const runsCabinet = (actor: Actor): boolean => actor.kind === 'member' && (actor.role === 'owner' || actor.role === 'admin');

/** The stronger of two roles; used when several directory groups map to different roles. */
export const strongerRole = (a: OrganisationRole, b: OrganisationRole): OrganisationRole =>
  organisationRoles.indexOf(a) <= organisationRoles.indexOf(b) ? a : b;
