import { freshWithinMs } from '../../domain/phone/session';
import { readXml, textOf, type XmlElement } from '../../signature';
import type { PhoneSession, PhoneSigner } from '../../storage/queries/phone';
import type { Deps } from '../deps';
import { checkReceived } from '../signing/check-received';

export type EntryChecked = { ok: true; signer: PhoneSigner } | { ok: false; code: string };

/** Checks a signed XML document by the rules of signing in; `content` is the document that was to be signed, when it is known. */
async function checkSigned(deps: Deps, xml: string, content: string | null): Promise<EntryChecked> {
  const now = deps.now().getTime();
  const checked = await checkReceived(deps, {
    form: 'xml',
    purpose: 'sign-in',
    signature: Buffer.from(xml, 'utf8'),
    digests: {},
    ...(content === null ? {} : { content: Buffer.from(content, 'utf8') }),
    at: now,
    receivedAt: now,
    isArrival: true,
  });
  if (!checked.ok) return { ok: false, code: checked.code };
  const [signer] = checked.report.signers;
  if (checked.report.verdict !== 'valid' || !signer) return { ok: false, code: checked.report.code };
  if (signer.iin === null) return { ok: false, code: 'signing.no_iin' };
  return { ok: true, signer: { name: signer.name ?? '', iin: signer.iin, bin: signer.bin, serial: signer.serial ?? '' } };
}

/** Checks what was signed to enter or to confirm: the document that was given out, by a key that is good today, of the person asked for. */
export async function checkEntry(deps: Deps, session: PhoneSession, xml: string): Promise<EntryChecked> {
  const checked = await checkSigned(deps, xml, session.xml ?? '');
  if (!checked.ok || session.iin === null || checked.signer.iin === session.iin) return checked;
  return { ok: false, code: 'eds.other_iin' };
}

/**
 * Checks how a phone proves itself before it sees the documents (auth_type Eds): an XML document signed with the person's key that names
 * this address and a time near ours.
 */
export async function checkProof(deps: Deps, session: PhoneSession, xml: string, uri: string): Promise<string | null> {
  const checked = await checkSigned(deps, xml, null);
  if (!checked.ok) return checked.code;
  const root = readXml(xml);
  const children = root.children.filter((child): child is XmlElement => child.kind === 'element');
  const urls = children.filter(({ localName }) => localName === 'url').map((element) => textOf(element).trim());
  if (urls.length !== 1 || urls[0] !== uri) return 'phone.other_address';
  const now = deps.now().getTime();
  const isFresh = children.some((element) => {
    const at = instantIn(textOf(element).trim());
    return at !== null && Math.abs(at - now) <= freshWithinMs;
  });
  if (!isFresh) return 'phone.stale_proof';
  return session.iin !== null && checked.signer.iin !== session.iin ? 'signing.wrong_iin' : null;
}

/** An instant as phones write it: ISO 8601 with a zone, or milliseconds since 1970. */
function instantIn(text: string): number | null {
  if (/^\d{13}$/.test(text)) return Number(text);
  if (!/^\d{4}-\d{2}-\d{2}T[\d:.]+(Z|[+-]\d{2}:?\d{2})$/.test(text)) return null;
  const at = Date.parse(text);
  return Number.isNaN(at) ? null : at;
}
