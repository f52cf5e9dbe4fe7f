import { malformed, SignatureFormatError } from '../errors';
import { parseCertificate, type Certificate } from '../x509/certificate';
import { C14N, C14N_WITH_COMMENTS, DS, ENVELOPED } from './algorithms';
import { elementsOf, textOf, type XmlElement } from './reader';

/** An enveloped signature as found in its document; nothing is verified yet. */
export interface XmlSignature {
  readonly element: XmlElement;
  readonly signedInfo: XmlElement;
  /** Whether comments inside SignedInfo belong to what is signed. */
  readonly signedComments: boolean;
  readonly signatureMethod: string;
  readonly digestMethod: string;
  readonly digestValue: Uint8Array;
  readonly value: Uint8Array;
  /** Enclosed certificates, the first one named as the signer's. */
  readonly certificates: readonly Certificate[];
}

const MAX_CERTIFICATES = 4;

/**
 * The one signature of a document: a child of the root that covers the whole document but itself (URI "", enveloped-signature, inclusive
 * canonicalisation). Whatever else XMLDSig allows (parts, other transforms, objects, several signatures) is refused, so that what is read
 * is what was signed. Throws SignatureFormatError.
 */
export function findSignature(root: XmlElement): XmlSignature {
  const signatures = allOf(root, 'Signature');
  if (signatures.length === 0) throw new SignatureFormatError('structure.no_signers', 'The XML document holds no signature');
  const [element] = signatures;
  if (!element || signatures.length > 1 || element.parent !== root)
    throw malformed('the document must hold one signature, as a child of its root');
  const [signedInfo, value, keyInfo] = exactly(element, ['SignedInfo', 'SignatureValue', 'KeyInfo']);
  const [canonicalization, method, reference] = exactly(signedInfo!, ['CanonicalizationMethod', 'SignatureMethod', 'Reference']);
  const [transforms, digestMethod, digestValue] = exactly(reference!, ['Transforms', 'DigestMethod', 'DigestValue']);
  if (attributeOf(reference!, 'URI') !== '') throw malformed('the reference must cover the whole document');
  checkTransforms(transforms!);
  const canonical = algorithmOf(canonicalization!);
  if (canonical !== C14N && canonical !== C14N_WITH_COMMENTS) throw malformed(`canonicalisation ${canonical} is not accepted`);
  return {
    element,
    signedInfo: signedInfo!,
    signedComments: canonical === C14N_WITH_COMMENTS,
    signatureMethod: algorithmOf(method!),
    digestMethod: algorithmOf(digestMethod!),
    digestValue: base64Of(digestValue!),
    value: base64Of(value!),
    certificates: certificatesOf(keyInfo!),
  };
}

function checkTransforms(transforms: XmlElement): void {
  const found = elementsOf(transforms);
  if (found.some((each) => !isDs(each, 'Transform') || elementsOf(each).length > 0)) throw malformed('a transform is not accepted');
  const [first, second, third] = found.map(algorithmOf);
  const isCanonical = second === undefined || second === C14N || second === C14N_WITH_COMMENTS;
  if (first !== ENVELOPED || !isCanonical || third !== undefined) throw malformed('these transforms are not accepted');
}

function certificatesOf(keyInfo: XmlElement): Certificate[] {
  const found = allOf(keyInfo, 'X509Certificate');
  if (found.length === 0 || found.length > MAX_CERTIFICATES) throw malformed('the certificate of the signer is missing');
  return found.map((each) => parseCertificate(base64Of(each)));
}

const isDs = (element: XmlElement, name: string): boolean => element.namespace === DS && element.localName === name;

function allOf(element: XmlElement, name: string): XmlElement[] {
  return elementsOf(element).flatMap((child) => [...(isDs(child, name) ? [child] : []), ...allOf(child, name)]);
}

/** The children of an element when they are exactly these, in this order, with nothing but white space between them. */
function exactly(element: XmlElement, names: readonly string[]): XmlElement[] {
  const children = elementsOf(element);
  if (children.length !== names.length || children.some((child, i) => !isDs(child, names[i] ?? '')))
    throw malformed(`${element.localName} must hold ${names.join(', ')}`);
  if (element.children.some((child) => child.kind !== 'element' && (child.kind !== 'text' || child.text.trim() !== '')))
    throw malformed(`${element.localName} holds something that is no part of a signature`);
  return children;
}

const attributeOf = (element: XmlElement, name: string): string | undefined =>
  element.attributes.find(({ localName, namespace }) => localName === name && namespace === '')?.value;

const algorithmOf = (element: XmlElement): string => attributeOf(element, 'Algorithm') ?? '';

function base64Of(element: XmlElement): Uint8Array {
  if (elementsOf(element).length > 0) throw malformed(`${element.localName} must hold base64`);
  const text = textOf(element).replace(/[ \t\r\n]/g, '');
  if (text === '' || text.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(text)) throw malformed(`${element.localName} is not base64`);
  const bytes = Buffer.from(text, 'base64');
  if (bytes.toString('base64') !== text) throw malformed(`${element.localName} is not base64`); // bits nobody reads must be zero
  return Uint8Array.from(bytes);
}
