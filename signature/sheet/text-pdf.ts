import { PDFDocument } from '@cantoo/pdf-lib';
import { embedFaces } from './fonts';

const page = { width: 595, height: 842, margin: 70, size: 12, leading: 18 };

/** A plain A4 document of paragraphs, the first one as its heading: sample documents of the demo, with every letter of Kazakh. */
export async function makeTextPdf(paragraphs: readonly string[]): Promise<Uint8Array> {
  const pdf = await PDFDocument.create();
  const faces = await embedFaces(pdf);
  let sheet = pdf.addPage([page.width, page.height]);
  let y = page.height - page.margin;
  paragraphs.forEach((paragraph, i) => {
    const face = i === 0 ? faces.bold : faces.regular;
    for (const line of face.wrap(face.clean(paragraph), page.size, page.width - 2 * page.margin)) {
      if (y < page.margin) {
        sheet = pdf.addPage([page.width, page.height]);
        y = page.height - page.margin;
      }
      sheet.drawText(line, { x: page.margin, y, size: page.size, font: face.font });
      y -= page.leading;
    }
    y -= page.leading / 2;
  });
  return pdf.save();
}
