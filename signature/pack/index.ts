/** The evidence pack: one zip that proves a signed document without the installation it was signed at. */
export { type AuditCheck } from './audit-excerpt';
export { PACK_CODES, PackError, type PackCode } from './errors';
export { MANIFEST_PATH, readManifest, type Manifest } from './manifest';
export { makePack, type PackEntry, type PackOrder, type PackSignatureOrder } from './make';
export { verifyPack, type PackInput, type PackReport, type PackSignatureReport, type PackSource } from './verify';
