import { TAG, type Der } from './der';

/**
 * OID of an AlgorithmIdentifier whose parameters are absent or NULL, as those of every digest and signature the engine knows. With other
 * parameters the result is no OID, so that it is treated as an unknown algorithm: no signature covers them.
 */
export function readAlgorithm(element: Der): string {
  const fields = element.expect(TAG.SEQUENCE, 'AlgorithmIdentifier').fields('AlgorithmIdentifier');
  const oid = fields.next(TAG.OID).oid();
  const [parameters, ...others] = fields.rest();
  const plain = others.length === 0 && (!parameters || (parameters.tag === TAG.NULL && parameters.value.length === 0));
  return plain ? oid : `${oid} with parameters`;
}
