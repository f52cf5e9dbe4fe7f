import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import fontkit from '@cantoo/fontkit';
import type { PDFDocument } from '@cantoo/pdf-lib';
import { Face } from './text';

/** Faces of a document: Noto Sans, which has all letters of Kazakh, embedded with the glyphs used only. */
export interface Faces {
  readonly regular: Face;
  readonly bold: Face;
}

/** Embeds the faces into a document. */
export async function embedFaces(pdf: PDFDocument): Promise<Faces> {
  pdf.registerFontkit(fontkit);
  // without ligatures every glyph maps back to one character, so the text can be searched and copied
  const options = { subset: true, features: { liga: false } };
  const [regular, bold] = [
    await pdf.embedFont(fontFile('NotoSans-Regular.ttf'), options),
    await pdf.embedFont(fontFile('NotoSans-Bold.ttf'), options),
  ];
  return { regular: new Face(regular), bold: new Face(bold) };
}

const files = new Map<string, Uint8Array>();

/** Bytes of a font of this folder; compiled code finds it in the sources, above `dist/`. */
function fontFile(name: string): Uint8Array {
  const known = files.get(name);
  if (known) return known;
  for (let folder = __dirname; ; folder = path.dirname(folder)) {
    const file = path.join(folder, 'signature/sheet/fonts', name);
    if (existsSync(file)) {
      const bytes = new Uint8Array(readFileSync(file));
      files.set(name, bytes);
      return bytes;
    }
    if (folder === path.dirname(folder)) throw new Error(`${name} is not installed`);
  }
}
