/** The signature engine: bytes in, facts out; no I/O, the clock is an argument. */
export { DigestSet, DIGEST_NAMES, createHasher, digest, type DigestName, type Digests } from './digests';
export { CMS_LIMITS, Work, type WorkLimits } from './work';
export { FORMAT_CODES, SignatureFormatError, type FormatCode } from './errors';
export { addArchiveTimeStamp, archiveTimeStampImprint, type ArchiveImprint } from './cms/archive';
export { addTimeStamp, embedEvidence, mergeCms, type Evidence } from './cms/assemble';
export { decodeSignatureFile } from './cms/decode';
export { countSigners, parseSignedData, type SignedData, type SignerInfo } from './cms/signed-data';
export {
  checkOcsp,
  makeOcspRequest,
  OCSP_FAULTS,
  parseOcspResponse,
  type BasicOcspResponse,
  type OcspCheck,
  type OcspFault,
  type OcspOutcome,
  type OcspResponse,
} from './ocsp';
export {
  makeTimeStampRequest,
  readTimeStampResponse,
  type TimeStampRefusal,
  type TimeStampRequestOrder,
  type TimeStampResult,
} from './tsp';
export { productionTrust } from './trust/production';
export { buildChain } from './x509/chain';
export { formatSerial, parseCertificate, type Certificate } from './x509/certificate';
export { parseCrl, readCrlFile, type Crl } from './x509/crl';
export { readCertificates, toPem } from './x509/pem';
export { ROLES, type Role } from './x509/roles';
export { createTrustStore, mergeTrustStores, type TrustStore } from './x509/trust';
export { ALL_CODES, CODES, VERDICTS, sentenceOf, verdictOf, type Code, type Verdict } from './verify/codes';
export { evidenceNeeds, proofEnds, type EvidenceNeeds, type StatusNeed } from './verify/long-term';
export {
  DOCUMENT_POLICY,
  LOGIN_POLICY,
  policyFor,
  PURPOSES,
  type InstallationPolicy,
  type Policy,
  type PolicyChanges,
  type Purpose,
} from './verify/policy';
export { PolicyError, readPolicy } from './verify/read-policy';
export { type OcspAnswer } from './verify/revocation';
export {
  CHECK_NAMES,
  PUBLIC_SIGNER_FIELDS,
  isoTime,
  LEVELS,
  type CheckName,
  type CheckReport,
  type Level,
  type Pending,
  type RevocationReport,
  type SignerReport,
  type TimeStampReport,
  type VerificationReport,
} from './verify/report';
export { verifyTimeStampToken, type TokenReport } from './verify/token';
export { requiredDigests } from './verify/facts';
export { verifyCms, type VerificationInput } from './verify/verify-cms';
export { elementsOf, readXml, textOf, type XmlElement } from './xml/reader';
export { verifyXml, xmlStatusNeeds, type XmlVerificationInput } from './xml/verify';
