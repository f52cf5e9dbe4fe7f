import { organisationRoles, type OrganisationRole } from './roles';

/** How well a person has shown who they are, weakest first: a password, a password with a second factor, the key of the national EDS. */
export const proofs = ['password', 'two-factor', 'key'] as const;
export type Proof = (typeof proofs)[number];

/** Whether a session opened with `given` may work where `wanted` is asked for. */
export const suffices = (given: Proof, wanted: Proof): boolean => proofs.indexOf(given) >= proofs.indexOf(wanted);

/** What an organisation asks of each role at sign-in. */
export type SignInRules = Record<OrganisationRole, Proof>;

/** What is asked where nobody has decided otherwise. */
export const defaultSignInRules: SignInRules = Object.fromEntries(organisationRoles.map((role) => [role, 'password'])) as SignInRules;

/** For how long a proof lets a person do what asks for a fresh one (roles, accounts, rules of signing in). Milliseconds. */
export const freshProofMs = 15 * 60_000;
