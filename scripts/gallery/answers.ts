import { createHash } from 'node:crypto';
import express, { Router, type Request, type Response } from 'express';
import type { EditorForm } from '../../server/documents/pages';
import type { Renderer } from '../../server/kit/render';
import type { Fragments } from '../../server/kit/views';
import type { SigningSessionJson } from '../../server/signing/pages';
import { contextOf } from './context';
import { fragments, pages } from './samples';

const sampleOf = <Name extends keyof Fragments>(name: Name, nth = 0): Fragments[Name] =>
  fragments.filter((sample) => sample.name === name)[nth]!.data as Fragments[Name];
const editorOf = (): EditorForm => (pages.find(({ label }) => label === 'editor')!.data as { form: EditorForm }).form;

/**
 * What the sample pages' forms and links are answered with: the product's own fragments, headers and statuses, without a database.
 * A signature is accepted when its base64 is longer than 8 characters; `wrong` in it makes it another person's.
 */
export function galleryAnswers(render: Renderer, pdf: Buffer): Router {
  const router = Router();
  const form = express.urlencoded({ extended: false, limit: '1mb' });
  const answer = <Name extends keyof Fragments>(res: Response, name: Name, data: Fragments[Name]): void =>
    render.renderFragment(res, name, data, contextOf(name, '', 'ru', 'light'));
  const done = (res: Response, key: string): void => {
    res.set({ 'HX-Reswap': 'none', 'HX-Trigger': 'dialog-close, route-changed' });
    answer(res, 'fragments/flash', { tone: 'ok', key, outOfBand: true });
  };

  router.get('/sample.pdf', (_req, res) => void res.type('pdf').send(pdf));
  router.get('/sample-session.json', (_req, res) => {
    const session: SigningSessionJson = {
      documentUrl: '/sample.pdf',
      fileName: 'sample.pdf',
      sizeBytes: pdf.length,
      digestSha256: createHash('sha256').update(pdf).digest('hex'),
      digestStreebog: '',
      extKeyUsageOids: ['1.2.398.3.3.4.1.2'],
      iin: '810412300214',
      bin: '140940018327',
      chain: null,
      wantsTimestamp: false,
    };
    res.json(session);
  });
  router.get('/keys', (_req, res) => answer(res, 'fragments/keys', {}));
  router.get('/people/suggest', (req, res) => {
    const sample = sampleOf('fragments/documents/suggest');
    const q = typeof req.query.q === 'string' ? req.query.q : '';
    answer(res, 'fragments/documents/suggest', {
      ...sample,
      stage: Number(req.query.stage),
      q,
      people: sample.people!.filter(({ name }) => name.toLowerCase().includes(q.toLowerCase())),
    });
  });
  router.get('/documents/:id/phone/:phone', (_req, res) => answer(res, 'fragments/phone/state', sampleOf('fragments/phone/state')));
  router.get('/documents/:id/head', (_req, res) =>
    answer(res, 'fragments/documents/head', { ...sampleOf('fragments/documents/head'), rev: 8, can: {}, asked: null }),
  );
  router.get('/documents/:id/route', (_req, res) =>
    answer(res, 'fragments/documents/route', { ...sampleOf('fragments/documents/route'), rev: 8, isLive: false }),
  );
  router.get('/invitations/:token/route', (_req, res) => {
    const route = sampleOf('fragments/documents/route');
    const stages = route.stages.map((stage) => ({
      ...stage,
      people: stage.people.map((p) => (p.isReader ? { ...p, state: 'refused' as const, at: p.since } : p)),
    }));
    answer(res, 'fragments/documents/route', { ...route, base: '/invitations/token', stages, rev: 8, isLive: false });
  });
  router.get('/documents/:id/sign', (req, res) => {
    const port = /ncalayer=(\d+)/.exec(req.get('HX-Current-URL') ?? '')?.[1] ?? '9';
    answer(res, 'fragments/signing/dialog', {
      ...sampleOf('fragments/signing/dialog'),
      ncalayerUrl: `ws://127.0.0.1:${port}/`,
      simulatorUrl: null,
    });
  });
  router.post('/documents/:id/sign', form, (req: Request, res: Response) => {
    const cms = Buffer.from((req.body as { cms?: string }).cms ?? '', 'base64').toString('latin1');
    const isWrong = cms.includes('wrong');
    if (isWrong) res.status(422);
    answer(res, 'fragments/signing/result', sampleOf('fragments/signing/result', isWrong ? 1 : 0));
  });
  router.get('/documents/:id/:kind', (_req, res) => answer(res, 'fragments/documents/decision', sampleOf('fragments/documents/decision')));
  router.post('/documents/:id/remind', form, (_req, res) => {
    res.status(429);
    answer(res, 'fragments/flash', { tone: 'bad', key: 'errors.route.too_soon' });
  });
  router.post('/documents/:id/refuse', form, (req, res) => {
    const { remark = '' } = req.body as { remark?: string };
    if (remark.trim() !== '') return done(res, 'flash.refused');
    res.status(422);
    return answer(res, 'fragments/documents/decision', {
      ...sampleOf('fragments/documents/decision'),
      errors: { remark: { code: 'route.remark_required' } },
    });
  });
  router.post('/documents/:id/edit', form, (req, res) => {
    const body = req.body as Record<string, string>;
    const editor = { ...editorOf(), title: body.title ?? '' };
    const [act, stage] = (body.do ?? '').split(':');
    if (act === 'add-stage')
      return answer(res, 'fragments/documents/editor', {
        ...editor,
        stages: [...editor.stages, { kind: 'sign', rule: 'all', due: '', people: [] }],
        focus: `stage-${editor.stages.length}-kind`,
      });
    if (act === 'add-person') {
      const stages = editor.stages.map((s, i) =>
        i === Number(stage)
          ? { ...s, people: [...s.people, { type: 'member' as const, userId: 'x', name: 'Петренко О. В.', position: null }] }
          : s,
      );
      return answer(res, 'fragments/documents/editor', { ...editor, stages, focus: `stage-${stage}-search` });
    }
    if (act === 'send') {
      res.status(422);
      return answer(res, 'fragments/documents/editor', {
        ...editor,
        errors: { title: { code: 'field.required' } },
        focus: 'editor-errors',
      });
    }
    return answer(res, 'fragments/documents/editor', { ...editor, isJustSaved: true });
  });
  // The body is read to its end, then judged by the size it announced: large enough to see progress, small enough to hold nothing.
  let uploads = 0;
  router.post('/uploads', (req, res) => {
    req.resume();
    req.on('end', () => {
      uploads += 1;
      const isRefused = uploads % 2 === 0;
      if (isRefused) res.status(415);
      answer(res, 'fragments/upload-row', {
        ...sampleOf('fragments/upload-row'),
        ...(isRefused ? { draftHref: null, error: { code: 'upload.type' } } : {}),
      });
    });
  });
  return router;
}
