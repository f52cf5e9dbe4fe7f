import path from 'node:path';
import ejs from 'ejs';

/** Fills one template, named by its path under `views/` without the ending. `escape` replaces what makes text safe in HTML. */
type RunTemplate = (template: string, locals: object, escape?: (value: unknown) => string) => string;

/**
 * Opens the templates under `root`. Each is compiled once; `isCached` is off only where templates are being edited: compiling again costs
 * more than everything else of a page.
 */
export function openTemplates({ root, isStrict, isCached = true }: { root: string; isStrict: boolean; isCached?: boolean }): RunTemplate {
  const views = path.join(root, 'views');
  return (template, locals, escape) => {
    let filled = '';
    const options = { root: views, strict: true, _with: false, localsName: 'it', cache: isCached, compileDebug: !isStrict, escape };
    ejs.renderFile(path.join(views, `${template}.ejs`), locals, options, (error: Error | null, rendered?: string) => {
      if (error) throw error;
      filled = rendered ?? '';
    });
    return filled;
  };
}
