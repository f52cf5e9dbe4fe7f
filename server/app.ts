import path from 'node:path';
import express, { type ErrorRequestHandler, type Express, type Request } from 'express';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { isUlid } from '../domain/ids';
import { Refusal } from '../domain/refusals';
import type { Deps } from '../services/deps';
import { isOutage } from '../services/outage';
import { readinessGate } from '../services/readiness';
import { root } from '../services/root';
import { CommandUsed, findCommand } from '../storage/command';
import { confirmKeyRoutes, edsSignInRoutes } from './auth/eds-web';
import { forgottenRoutes } from './auth/forgot-web';
import { freshProof } from './auth/fresh';
import { guestKeyProof } from './auth/guest-key';
import { authRoutes } from './auth/web';
import { checkRoutes } from './check/web';
import { listRoutes } from './documents/lists-web';
import { participantRoutes } from './documents/participant-web';
import { documentRoutes } from './documents/web';
import { evidenceRoutes } from './evidence/web';
import { groupRoutes } from './groups/web';
import { invitationRoutes } from './invitations/web';
import { memberOf, type WebDeps } from './kit/context';
import { inTurn } from './kit/in-turn';
import type { ParticipantRoutes } from './kit/place';
import { createRenderer } from './kit/render';
import { requestContext } from './kit/request';
import { responder } from './kit/respond';
import { csrfGuard, neverKept, securityHeaders } from './kit/security';
import { phoneCheckRoutes } from './phone/check-web';
import { phoneConfirmRoutes, phoneSignInRoutes } from './phone/entry-web';
import { phoneBatchRoutes, phoneSigningRoutes } from './phone/sign-web';
import { directoryRoutes } from './settings/directory-web';
import { moduleRoutes } from './settings/modules-web';
import { owesPassword, ownAccountRoutes } from './settings/own-account-web';
import { signInRuleRoutes } from './settings/sign-in-rules-web';
import { settingsRoutes } from './settings/web';
import { signingRoutes } from './signing/web';

/** Commands one person may send in a minute; far above any clerk, far below a script run wild. */
const commandsPerMinute = 300;
/** Posting a signature reads its own, larger body and checks its own token. */
const postsSignature = (req: Request): boolean => req.method === 'POST' && /\/sign\/[0-9A-Z]{26}$/.test(req.path);

/** The web application: every answer of Kense but the files under /assets passes here. */
export function createApp(services: Deps): Express {
  const deps: WebDeps = { ...services, render: createRenderer(services.texts, { root, isStrict: services.config.isStrict }) };
  const app = express();
  const respond = responder(deps);
  app.disable('x-powered-by');
  app.set('trust proxy', deps.config.trustProxy === '' ? false : deps.config.trustProxy.split(',').map((p) => p.trim()));
  app.set('query parser', 'simple');

  app.set('env', 'production'); // Express would show stack traces to strangers in any other
  app.use(securityHeaders(deps.config));

  const isReady = readinessGate(deps);
  app.get('/healthz', neverKept, (_req, res) => void res.type('text').send('ok\n'));
  app.get('/readyz', neverKept, async (_req, res) => {
    const ready = await isReady();
    res
      .status(ready ? 200 : 503)
      .type('text')
      .send(ready ? 'ok\n' : 'not ready\n');
  });

  const assets = { maxAge: deps.config.isStrict ? '1h' : 0, index: false } as const;
  const vendor = path.join(root, 'node_modules');
  const pdfjs = path.join(vendor, 'pdfjs-dist');
  app.get('/assets/vendor/htmx.js', (_req, res) => res.sendFile(path.join(vendor, 'htmx.org', 'dist', 'htmx.min.js'), assets));
  app.get('/assets/vendor/pdf.mjs', (_req, res) => res.sendFile(path.join(pdfjs, 'legacy', 'build', 'pdf.min.mjs'), assets));
  app.get('/assets/vendor/pdf.worker.mjs', (_req, res) => res.sendFile(path.join(pdfjs, 'legacy', 'build', 'pdf.worker.min.mjs'), assets));
  app.use('/assets/vendor/standard_fonts', express.static(path.join(pdfjs, 'standard_fonts'), assets));
  app.use('/assets/vendor/wasm', express.static(path.join(pdfjs, 'wasm'), assets));
  app.use('/assets/vendor/cmaps', express.static(path.join(pdfjs, 'cmaps'), assets));
  app.use(
    '/assets',
    express.static(path.join(root, 'views', 'assets'), assets),
    (_req, res) => void res.status(404).type('text').send('not found\n'),
  );
  app.get('/favicon.ico', (_req, res) => res.sendFile(path.join(root, 'views', 'assets', 'mark.svg'), assets));
  app.get('/robots.txt', (_req, res) => void res.type('text').send('User-agent: *\nDisallow: /\n'));

  app.use(neverKept); // all that follows; the files above are the only ones a browser or proxy may keep
  app.use((_req, _res, next) => inTurn(next));
  app.use(requestContext(deps));
  const parseForm = express.urlencoded({ extended: false, limit: '512kb', parameterLimit: 5_000 });
  const guard = csrfGuard(deps.config);
  app.use((req, res, next) => (postsSignature(req) ? next() : parseForm(req, res, next)));
  app.use((req, res, next) => (postsSignature(req) ? next() : guard(req, res, next)));
  const pace = new RateLimiterMemory({ points: commandsPerMinute, duration: 60 });
  app.use((req, _res, next) => {
    if (req.method !== 'POST') return next();
    pace.consume(req.kense.session?.person.id ?? req.ip ?? '').then(
      () => next(),
      () => next(new Refusal('limited')),
    );
  });

  const fresh = freshProof(deps, respond);
  const guestKey = guestKeyProof(deps, respond);
  const participant: ParticipantRoutes = (find, decisionPage) => {
    const beside = [evidenceRoutes, signingRoutes, phoneSigningRoutes].map((routes) => routes(deps, respond, find));
    return participantRoutes(deps, respond, find, decisionPage, { guestKey, beside });
  };
  app.use((req, res, next) => {
    if (!owesPassword(req.kense.session) || ['/settings/password', '/sign-out', '/preferences'].includes(req.path)) return next();
    respond.go(req, res, '/settings/password');
  });

  app.use(authRoutes(deps, respond));
  app.use(forgottenRoutes(deps, respond));
  app.use(ownAccountRoutes(deps, respond, fresh));
  app.use(edsSignInRoutes(deps, respond));
  app.use(phoneSignInRoutes(deps, respond));
  app.use(checkRoutes(deps, respond));
  app.use(invitationRoutes(deps, respond, participant));
  app.get('/', (req, res) => res.redirect(303, req.kense.session ? '/to-sign' : '/sign-in'));
  app.get('/keys', async (req, res) => {
    if (req.kense.isHtmx) respond.fragment(req, res, 'fragments/keys', {});
    else await respond.page(req, res, 'pages/keys', {});
  });

  app.get('/commands/:id', async (req, res) => {
    const { id } = req.params;
    const command = isUlid(id) ? await findCommand(deps.db, id) : null;
    const { session } = req.kense;
    const href =
      typeof req.query.href === 'string' && /^\/(documents|invitations)\/[\w-]+$/.test(req.query.href) ? req.query.href : '/documents';
    const isGuest = !session && href.startsWith('/invitations/'); // whoever holds the link may know that its command is done
    if (!session?.organisation && !isGuest) throw new Refusal('sign_in.needed');
    if (command && !isGuest && command.actor !== session?.person.id) throw new Refusal('not_found');
    if (command) return respond.go(req, res, href, { tone: 'ok', key: 'flash.done' });
    await respond.pending(req, res, isUlid(id) ? id : deps.newId(), href);
  });

  // Everything below is for members only; without a session a page leads to the sign-in and back.
  app.use((req, _res, next) => {
    memberOf(req);
    next();
  });
  app.use(listRoutes(deps, respond));
  app.use(documentRoutes(deps, respond, participant));
  app.use(groupRoutes(deps, respond));
  app.use(moduleRoutes(deps, respond));
  app.use(settingsRoutes(deps, respond, fresh));
  app.use(signInRuleRoutes(deps, respond, fresh));
  app.use(confirmKeyRoutes(deps, respond));
  app.use(phoneConfirmRoutes(deps, respond));
  app.use(phoneBatchRoutes(deps, respond));
  app.use(phoneCheckRoutes(deps, respond));
  app.use(directoryRoutes(deps, respond, fresh));

  app.use(() => {
    throw new Refusal('not_found');
  });
  const onError: ErrorRequestHandler = (error: unknown, req, res, next) => {
    if (res.headersSent) {
      req.kense.log.warn({ err: error }, 'the answer broke off');
      return next(error);
    }
    const code = error instanceof Refusal ? error.code : error instanceof CommandUsed ? 'command.used' : bodyProblem(error);
    if (code === 'sign_in.needed') {
      const back = req.method === 'GET' && !req.kense.isHtmx ? `?return_to=${encodeURIComponent(req.originalUrl)}` : '';
      const target = req.kense.session ? '/sign-in/organisation' : `/sign-in${back}`;
      if (req.kense.isHtmx) res.status(401).set('HX-Redirect', target).end();
      else res.redirect(303, target);
      return;
    }
    if (code) return respond.refusal(req, res, code, error instanceof Refusal ? error.params : {});
    req.kense.log.error({ err: error }, 'request failed');
    respond.failure(req, res, isOutage(error) ? 503 : 500);
  };
  app.use(onError);
  return app;
}

/** Errors of the body parser are the sender's: too large, or not a form at all. */
function bodyProblem(error: unknown): string | null {
  const type = (error as { type?: string } | null)?.type;
  if (type === 'entity.too.large') return 'upload.too_large_form';
  return type?.startsWith('entity.') || type === 'parameters.too.many' || type === 'request.aborted' || error instanceof URIError
    ? 'bad_request'
    : null;
}
