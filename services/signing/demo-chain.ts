import { readFileSync } from 'node:fs';
import { readCertificates } from '../../signature';

/** The pinned CA certificates in base64 DER: tells NCALayer to offer keys of the demo's own authority. Only ever used by the demo. */
export const demoChain = (trustFiles: readonly string[]): string[] =>
  trustFiles.flatMap((file) => readCertificates(readFileSync(file)).map((c) => Buffer.from(c.der).toString('base64')));
