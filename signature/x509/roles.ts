const NUC = '1.2.398.3.3.4';

/** What the owner of a certificate may act as, from its extended key usages (NUC RK's regulation). */
export const ROLES = [
  'individual',
  'individual-system',
  'legal-entity',
  'first-head',
  'signer',
  'financial-signer',
  'hr',
  'employee',
  'information-system',
  'ca-administrator',
  'ca-manager',
  'ca-operator',
  'treasury-client',
] as const;
export type Role = (typeof ROLES)[number];

/** How the registration authority identified the person. */
export const IDENTIFICATIONS = ['service-centre', 'remote', 'digital-id', 'artificial-intelligence'] as const;
export type Identification = (typeof IDENTIFICATIONS)[number];

const ROLE_OIDS: Readonly<Record<string, Role>> = {
  [`${NUC}.1.1`]: 'individual',
  [`${NUC}.1.1.1`]: 'individual-system',
  [`${NUC}.1.2`]: 'legal-entity',
  [`${NUC}.1.2.1`]: 'first-head',
  [`${NUC}.1.2.2`]: 'signer',
  [`${NUC}.1.2.3`]: 'financial-signer',
  [`${NUC}.1.2.4`]: 'hr',
  [`${NUC}.1.2.5`]: 'employee',
  [`${NUC}.1.2.6`]: 'information-system',
  [`${NUC}.2.1`]: 'ca-administrator',
  [`${NUC}.2.2`]: 'ca-manager',
  [`${NUC}.2.3`]: 'ca-operator',
  '1.2.398.5.19.1.2.2.1': 'treasury-client',
};

const IDENTIFICATION_OIDS: Readonly<Record<string, Identification>> = {
  [`${NUC}.3.1`]: 'service-centre',
  [`${NUC}.3.2`]: 'remote',
  [`${NUC}.3.2.1`]: 'digital-id',
  [`${NUC}.3.2.2`]: 'artificial-intelligence',
};

/** Roles named by extended key usages, in the order of ROLES; children of the information-system OID count as it. */
export function rolesOf(usages: readonly string[]): Role[] {
  const found = new Set(usages.map((oid) => (oid.startsWith(`${NUC}.1.2.6.`) ? 'information-system' : ROLE_OIDS[oid])));
  return ROLES.filter((role) => found.has(role));
}

/** Ways of identification named by extended key usages. */
export function identificationsOf(usages: readonly string[]): Identification[] {
  return usages.flatMap((oid) => IDENTIFICATION_OIDS[oid] ?? []);
}

/** The extended key usage that stands for a role. */
export function roleOid(role: Role): string {
  return Object.keys(ROLE_OIDS).find((oid) => ROLE_OIDS[oid] === role)!;
}
