import { costlyPack, deepManifest, manyFiles } from './packs';
import { foldedTree, lateObjects, manyValues, packedAttachment, packedObjects, sharedContents, sharedNames } from './pdfs';
import { costlyCms, deepDer, endlessBer } from './signatures';

type Bytes = Uint8Array<ArrayBuffer>;

/** One hostile input and the door it is brought to. */
export type HostileInput = { name: string } &
  /** The check page: a file that brings its signatures, or a signature. */
  (
    | { door: 'check'; field: 'file' | 'signature'; bytes: Bytes }
    /** Signing in with a key. */
    | { door: 'sign-in'; cms: Bytes }
    /** A member uploads it, signs it and asks for a derived file. */
    | { door: 'derive'; bytes: Bytes; wanted: 'pdf' | 'card.pdf' }
    /** A member uploads it. */
    | { door: 'upload'; bytes: Bytes }
    /** Connections that stop in the middle of a form. */
    | { door: 'stop'; connections: number }
  );

const mebibyte = 1024 * 1024;
/** What fits into the form of signing in, in base64. */
const smallCms = { signers: 36, tokens: 4, issuers: 16 };

/** Twenty of them, small to send and costly to take; `isSmall` does less of the same. */
export async function hostileInputs(isSmall: boolean): Promise<HostileInput[]> {
  const mib = isSmall ? 10 : 60;
  const bytes = (made: Buffer): Bytes => new Uint8Array(made);
  const file = (name: string, made: Buffer): HostileInput => ({ name, door: 'check', field: 'file', bytes: bytes(made) });
  const signature = (name: string, made: Buffer): HostileInput => ({ name, door: 'check', field: 'signature', bytes: bytes(made) });
  return [
    file('PDF: name-tree nodes share one array', sharedNames()),
    file('PDF: a name tree that is folded', foldedTree('names')),
    file('PDF: an array of values without end', manyValues(isSmall ? 8 : 26)),
    file('PDF: packed objects, 1 to 1,000', packedObjects()),
    file('PDF: objects found late', lateObjects()),
    file('PDF: an attachment, 1 to 1,000', packedAttachment()),
    file('pack: costly chains', await costlyPack()),
    file('pack: a list of brackets', await deepManifest()),
    file('pack: 9,999 files', await manyFiles()),
    signature('CMS: 128 signers × 8 tokens', costlyCms()),
    signature('CMS: deep', deepDer()),
    signature('CMS: without an end', endlessBer()),
    signature(
      `CMS: ${mib} MiB inside`,
      costlyCms({ signers: 1, tokens: 0, issuers: 1, content: Buffer.alloc(mib * mebibyte), attached: true }),
    ),
    { name: 'PDF: packed objects, signed, its sheet', door: 'derive', bytes: bytes(packedObjects()), wanted: 'pdf' },
    { name: 'PDF: pages that are folded, its card', door: 'derive', bytes: bytes(foldedTree('pages')), wanted: 'card.pdf' },
    { name: 'PDF: one stream on 1,500 pages, its card', door: 'derive', bytes: bytes(sharedContents()), wanted: 'card.pdf' },
    { name: `PDF: ${mib} MiB of values, uploaded`, door: 'upload', bytes: bytes(manyValues(mib)) },
    { name: '100 uploads that stop', door: 'stop', connections: 100 },
    { name: 'sign-in: costly CMS', door: 'sign-in', cms: bytes(costlyCms(smallCms)) },
    { name: 'sign-in: deep CMS', door: 'sign-in', cms: bytes(deepDer()) },
  ];
}
