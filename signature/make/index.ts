/** Making of keys, certificates, lists, signatures and time-stamps: for the demonstration authority, simulators, tests and server keys. */
export { makeCms, type CmsOrder, type Signer } from './cms';
export {
  issueCertificate,
  type AuthorityUrls,
  type CertificateOrder,
  type CertificateProfile,
  type Issuer,
  type SubjectFields,
} from './certificate';
export { issueCrl, type CrlOrder, type Revocation } from './crl';
export { generatePrivateKey, readPkcs8, signOctets, subjectPublicKeyInfo, writePkcs8, type PrivateKey } from './keys';
export { issueOcspResponse, ocspErrorResponse, type CertificateStatus, type OcspAnswerOrder, type OcspResponseOrder } from './ocsp';
export { grantTimeStamp, makeTimeStamp, refuseTimeStamp, type TimeStampOrder } from './time-stamp';
export { signXml } from '../xml/sign';
