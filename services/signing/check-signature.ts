import { readFileSync } from 'node:fs';
import { checkOnline } from '../../integrations/pki/check';
import { checkXmlOnline } from '../../integrations/pki/check-xml';
import type { Pki } from '../../integrations/pki/pki';
import {
  countSigners,
  createTrustStore,
  type Crl,
  decodeSignatureFile,
  type Digests,
  type InstallationPolicy,
  mergeTrustStores,
  policyFor,
  productionTrust,
  type Purpose,
  readCertificates,
  SignatureFormatError,
  type TrustStore,
  type VerificationReport,
  type Work,
} from '../../signature';
import { type ListAtHand, readLists } from './lists';

/**
 * Digests of the document as stored at upload, the signature in any of the accepted forms, instants in milliseconds UTC; `lists` are the
 * revocation lists at hand. A signature to sign in with is judged by other rules than one under a document.
 */
export type CheckRequest = {
  /** A CMS unless said otherwise; `xml` is a document with an enveloped signature, and `content` then the document without it. */
  form?: 'cms' | 'xml';
  purpose?: Purpose;
  signature: Uint8Array;
  digests: Digests;
  content?: Uint8Array;
  at: number;
  receivedAt?: number;
  /** It arrives now and something will rest on it: no answer from before its arrival serves, and what the policy asks of new ones is asked. */
  isArrival?: boolean;
  /** Exactly one signer is expected: several are refused before anything is verified. */
  onlySigner?: boolean;
  lists?: readonly ListAtHand[];
};

/** `signing.too_costly`: the check was ended, because nobody's signature takes that much. */
export type CheckResult =
  | { ok: true; report: VerificationReport; der: Uint8Array }
  | { ok: false; code: 'signing.unreadable' | 'signing.several_signers' | 'signing.too_costly' };

/** What checks are made with; opened once in each checking thread. */
export type CheckTools = { trust: TrustStore; policy: InstallationPolicy; pki: Pki };

/** The national anchors together with those an administrator has pinned; a certificate is an anchor when it is self-signed. */
export function loadTrust(files: readonly string[]): TrustStore {
  const certificates = files.flatMap((file) => readCertificates(readFileSync(file)));
  const isRoot = (c: (typeof certificates)[number]): boolean => Buffer.compare(c.subject.der, c.issuer.der) === 0;
  const own = createTrustStore(
    certificates.filter(isRoot),
    certificates.filter((c) => !isRoot(c)),
  );
  return mergeTrustStores(productionTrust(), own);
}

/** How long a person who has just signed waits for the responders; what comes later, the gathering of the proof asks for again. */
const patienceMs = 4_000;

/**
 * Checks one signature by the policy of its purpose, asking the responders. Bytes that are no CMS are a result, not an error. What it costs
 * is taken from `work` where several signatures of one file share a budget.
 */
export async function checkSignature(request: CheckRequest, { trust, policy, pki }: CheckTools, work?: Work): Promise<CheckResult> {
  const lists = readLists(request.lists ?? []); // first of all: the sender counts on it
  if (request.form === 'xml') return checkXmlSignature(request, lists, { trust, policy, pki });
  try {
    const der = decodeSignatureFile(request.signature);
    if (request.onlySigner && countSigners(der) > 1) return { ok: false, code: 'signing.several_signers' };
    const { report } = await checkOnline(pki, der, {
      digests: request.digests,
      ...(request.content ? { content: request.content } : {}),
      at: new Date(request.at),
      ...(request.receivedAt === undefined ? {} : { receivedAt: new Date(request.receivedAt) }),
      trust,
      policy: policyFor(request.purpose ?? 'sign', policy),
      timeoutMs: patienceMs,
      ...(work ? { work } : {}),
      ...(request.isArrival ? { since: new Date(request.at), atReceipt: true } : {}),
      lists: () => Promise.resolve(lists),
    });
    return { ok: true, report, der };
  } catch (error) {
    return refusalOf(error);
  }
}

function refusalOf(error: unknown): CheckResult {
  if (!(error instanceof SignatureFormatError)) throw error;
  return { ok: false, code: error.code === 'structure.too_costly' ? 'signing.too_costly' : 'signing.unreadable' };
}

async function checkXmlSignature(request: CheckRequest, lists: readonly Crl[], { trust, policy, pki }: CheckTools): Promise<CheckResult> {
  try {
    const { report } = await checkXmlOnline(pki, Buffer.from(request.signature).toString('utf8'), {
      ...(request.content ? { content: Buffer.from(request.content).toString('utf8') } : {}),
      at: new Date(request.at),
      ...(request.receivedAt === undefined ? {} : { receivedAt: new Date(request.receivedAt) }),
      trust,
      policy: policyFor(request.purpose ?? 'sign', policy),
      timeoutMs: patienceMs,
      ...(request.isArrival ? { since: new Date(request.at), atReceipt: true } : {}),
      lists: () => lists,
    });
    return { ok: true, report, der: request.signature };
  } catch (error) {
    return refusalOf(error);
  }
}
