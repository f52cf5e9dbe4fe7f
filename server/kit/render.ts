import type { Response } from 'express';
import { helpersFor } from '../../services/texts/helpers';
import type { TranslatorOf } from '../../services/texts/i18n';
import { openTemplates } from '../../services/texts/templates';
import type { Fragments, Pages, ViewContext } from './views';

export interface RendererOptions {
  /** Folder that holds `views/`. */
  root: string;
  /** Shows a code that has no words; in the demo and in tests that throws. */
  isStrict: boolean;
  /** Compile each template once. */
  isCached?: boolean;
  /** Where `views/assets` is mounted; a version may stand in the path so that browsers can keep files for ever. */
  assetsUrl?: string;
}

export interface Renderer {
  /** Sends a whole page: the template inside its layout. Status and further headers are the caller's. */
  renderPage: <Name extends keyof Pages>(res: Response, name: Name, data: Pages[Name], ctx: ViewContext) => void;
  /** Sends one fragment: what htmx swaps in. */
  renderFragment: <Name extends keyof Fragments>(res: Response, name: Name, data: Fragments[Name], ctx: ViewContext) => void;
  /** The same as text, for tests and for fragments that ride on another answer. */
  pageHtml: <Name extends keyof Pages>(name: Name, data: Pages[Name], ctx: ViewContext) => string;
  fragmentHtml: <Name extends keyof Fragments>(name: Name, data: Fragments[Name], ctx: ViewContext) => string;
}

/** What a page tells its layout. */
interface Layout {
  name: 'app' | 'sheet';
  title: string;
  mainClass: string;
}

/** Makes the renderer of the pages under `root`. */
export function createRenderer(texts: TranslatorOf, options: RendererOptions): Renderer {
  const { isStrict, assetsUrl = '/assets' } = options;
  const run = openTemplates(options);
  const localsOf = (data: object, ctx: ViewContext, layout: Layout) => ({
    ...helpersFor(texts(ctx.lang), ctx.now, assetsUrl, isStrict),
    ctx,
    layout,
    view: data,
  });
  const newLayout = (): Layout => ({ name: 'app', title: '', mainClass: '' });

  const pageHtml: Renderer['pageHtml'] = (name, data, ctx) => {
    const layout = newLayout();
    const locals = localsOf(data, ctx, layout);
    const body = run(name, locals);
    return run(`layouts/${layout.name}`, { ...locals, body });
  };
  const fragmentHtml: Renderer['fragmentHtml'] = (name, data, ctx) => run(name, localsOf(data, ctx, newLayout()));
  const send = (res: Response, html: string): void => {
    res.vary('HX-Request');
    res.type('html').send(html);
  };

  return {
    pageHtml,
    fragmentHtml,
    renderPage: (res, name, data, ctx) => send(res, pageHtml(name, data, ctx)),
    renderFragment: (res, name, data, ctx) => send(res, fragmentHtml(name, data, ctx)),
  };
}
