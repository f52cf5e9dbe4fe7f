export { namesIssuer, type CertId } from './cert-id';
export { checkOcsp, OCSP_FAULTS, type OcspCheck, type OcspFault, type OcspOrigin, type OcspOutcome } from './check';
export { makeOcspRequest, parseOcspRequest, type OcspRequest, type OcspRequestOrder } from './request';
export {
  OCSP_STATUSES,
  parseOcspResponse,
  type BasicOcspResponse,
  type OcspResponse,
  type OcspResponseStatus,
  type SingleResponse,
} from './response';
