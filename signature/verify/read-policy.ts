import { ALGORITHM_FAMILIES } from '../public-key';
import { ROLES } from '../x509/roles';
import { KEY_INSTANTS, KEY_KINDS, PURPOSES, REVOCATION_DEMANDS, type InstallationPolicy, type PolicyChanges } from './policy';

/** Settings that cannot be a policy; `problems` says about each one where it stands and what belongs there. */
export class PolicyError extends Error {
  override readonly name = 'PolicyError';

  constructor(readonly problems: readonly string[]) {
    super(problems.join('; '));
  }
}

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?(Z|[+-]\d\d:\d\d)$/;
const OBJECT_IDENTIFIER = /^[0-2](\.(0|[1-9]\d*))+$/;
const MAX_MS = 366 * 24 * 3_600_000;

/** Says what is wrong with a value, nothing when it is right. */
type Rule = (value: unknown) => string | undefined;

const RULES: { readonly [K in keyof PolicyChanges]-?: Rule } = {
  requireTimeStamp: flag,
  requireRevocation: oneOf(REVOCATION_DEMANDS),
  requireEss: flag,
  requireEssAtReceipt: flag,
  claimedTimeAheadMs: milliseconds,
  keyGoodAt: oneOf(KEY_INSTANTS),
  ocspMaxAgeMs: milliseconds,
  crlMaxAgeMs: (value) => (value === null ? undefined : milliseconds(value)),
  clockSkewMs: milliseconds,
  algorithms,
  keys: (value) => listOf(KEY_KINDS)(value) ?? ((value as unknown[]).length > 0 ? undefined : 'must name at least one kind of key'),
  allowedRoles: listOf(ROLES),
  timeStampPolicies: (value) =>
    Array.isArray(value) && value.every((item) => typeof item === 'string' && OBJECT_IDENTIFIER.test(item))
      ? undefined
      : 'must be a list of object identifiers',
};

/**
 * Reads the policy of an installation from JSON: an object with `all` and names of purposes, each with the settings it changes, such as
 * `{"all": {"requireTimeStamp": true}, "approve": {"requireRevocation": "ocsp"}}`. Throws PolicyError naming every mistake.
 */
export function readPolicy(json: unknown): InstallationPolicy {
  if (!isRecord(json)) throw new PolicyError(['the policy must be an object']);
  const problems = Object.entries(json).flatMap(([purpose, changes]) => problemsOf(purpose, changes));
  if (problems.length > 0) throw new PolicyError(problems);
  return json;
}

function problemsOf(purpose: string, changes: unknown): string[] {
  if (![...PURPOSES, 'all'].includes(purpose)) return [`${purpose} is no purpose; there are all, ${PURPOSES.join(', ')}`];
  if (!isRecord(changes)) return [`${purpose} must be an object`];
  return Object.entries(changes).flatMap(([name, value]) => {
    const rule = Object.hasOwn(RULES, name) ? RULES[name as keyof PolicyChanges] : undefined;
    const problem = rule ? rule(value) : `is no setting; there are ${Object.keys(RULES).join(', ')}`;
    return problem ? [`${purpose}.${name} ${problem}`] : [];
  });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function flag(value: unknown): string | undefined {
  return typeof value === 'boolean' ? undefined : 'must be true or false';
}

function milliseconds(value: unknown): string | undefined {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= MAX_MS
    ? undefined
    : 'must be a whole number of milliseconds, at most a year';
}

function oneOf(allowed: readonly string[]): Rule {
  return (value) => (allowed.some((each) => each === value) ? undefined : `must be one of ${allowed.join(', ')}`);
}

function listOf(allowed: readonly string[]): Rule {
  return (value) =>
    Array.isArray(value) && value.every((item) => allowed.some((each) => each === item))
      ? undefined
      : `must be a list out of ${allowed.join(', ')}`;
}

function algorithms(value: unknown): string | undefined {
  if (!isRecord(value) || Object.keys(value).length === 0) return 'must be an object of families and the instants they end at';
  for (const [family, end] of Object.entries(value)) {
    if (!ALGORITHM_FAMILIES.some((each) => each === family)) return `names ${family}; there are ${ALGORITHM_FAMILIES.join(', ')}`;
    const isInstant = typeof end === 'string' && INSTANT.test(end) && !Number.isNaN(Date.parse(end));
    if (end !== null && !isInstant) return `must give ${family} an instant like 2030-01-01T00:00:00Z, or null for no end`;
  }
  return undefined;
}
