export const OCSP_BEHAVIOURS = [
  'good',
  'late',
  'wrong-nonce',
  'wrong-certificate',
  'wrong-signer',
  'revoked',
  'unknown-1970',
  'no-next-update',
  'try-later',
  'down',
] as const;
export type OcspBehaviour = (typeof OCSP_BEHAVIOURS)[number];

export const TSP_BEHAVIOURS = ['good', 'late', 'wrong-imprint', 'wrong-purpose', 'refused', 'down'] as const;
export type TspBehaviour = (typeof TSP_BEHAVIOURS)[number];

export const CRL_BEHAVIOURS = ['good', 'stale', 'down'] as const;
export type CrlBehaviour = (typeof CRL_BEHAVIOURS)[number];

/** How the services behave now. */
export interface Behaviour {
  /** `good` answers by what is known of the certificate. */
  ocsp: OcspBehaviour;
  tsp: TspBehaviour;
  crl: CrlBehaviour;
  /** How far the authority's clock runs ahead (or, negative, behind). */
  clockOffsetMs: number;
  /** How long `late` takes. */
  lateMs: number;
}

export const goodBehaviour: Behaviour = { ocsp: 'good', tsp: 'good', crl: 'good', clockOffsetMs: 0, lateMs: 20_000 };

const allowed: Record<'ocsp' | 'tsp' | 'crl', readonly string[]> = { ocsp: OCSP_BEHAVIOURS, tsp: TSP_BEHAVIOURS, crl: CRL_BEHAVIOURS };

/** The behaviour with these changes; throws a plain sentence when there is no such behaviour. */
export function changeBehaviour(present: Behaviour, changes: Record<string, unknown>): Behaviour {
  for (const [name, value] of Object.entries(changes)) {
    if (name === 'clockOffsetMs' || name === 'lateMs') {
      if (typeof value !== 'number' || !Number.isFinite(value)) throw new Error(`${name} must be a number of milliseconds`);
    } else if (name === 'ocsp' || name === 'tsp' || name === 'crl') {
      if (!allowed[name].includes(String(value))) throw new Error(`${name} may be ${allowed[name].join(', ')}`);
    } else throw new Error(`there is no setting ${name}; there are ocsp, tsp, crl, clockOffsetMs, lateMs`);
  }
  return { ...present, ...(changes as Partial<Behaviour>) };
}
