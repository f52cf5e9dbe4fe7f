import { familiesOf, schemeFor, type AlgorithmFamily, type PublicKey } from '../public-key';
import type { Certificate } from '../x509/certificate';
import type { Policy } from './policy';

/** Why a policy does not accept one of these families at an instant, undefined when it accepts them all. */
export function refusedFamily(
  families: readonly AlgorithmFamily[],
  at: Date,
  { algorithms }: Pick<Policy, 'algorithms'>,
): string | undefined {
  for (const family of families) {
    const end = algorithms[family];
    if (end === undefined) return family;
    if (end !== null && at > new Date(end)) return `${family} until ${end}`;
  }
  return undefined;
}

/** The same of every signature in a path, each by the key of the certificate above; nobody signs for the anchor. */
export function refusedInPath(path: readonly Certificate[], at: Date, policy: Pick<Policy, 'algorithms'>): string | undefined {
  for (const [i, { signed }] of path.slice(0, -1).entries()) {
    const refused = refusedFamily(familiesOfSigned(path[i + 1]!.publicKey, signed.algorithm), at, policy);
    if (refused) return refused;
  }
  return undefined;
}

/** Families of a signature by its algorithm and the key it is checked with; none when they do not belong together. */
export function familiesOfSigned(key: PublicKey, algorithm: string): AlgorithmFamily[] {
  const scheme = schemeFor(key, algorithm);
  return scheme ? familiesOf(key, scheme) : [];
}
