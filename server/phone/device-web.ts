import { createHash, timingSafeEqual } from 'node:crypto';
import express, { Router, type ErrorRequestHandler, type Express, type Request, type Response } from 'express';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { decidePhone } from '../../domain/phone/session';
import type { PhoneSender } from '../../integrations/temporal/phone';
import type { Deps } from '../../services/deps';
import { dataUrl, healthText, phoneTokens } from '../../services/phone/addresses';
import { type PutOutcome, receivePut } from '../../services/phone/arrival';
import { factsOf, phoneConfig } from '../../services/phone/create';
import { checkProof } from '../../services/phone/entry';
import { dataJson, offerJson } from '../../services/phone/offer';
import { sideDoor } from '../../services/phone/side-door';
import { preferredLang, type Translator } from '../../services/texts/i18n';
import { capabilityHash } from '../../storage/capabilities';
import { isActiveMember } from '../../storage/queries/groups';
import { invitationOf } from '../../storage/queries/invitations';
import { movePhone, phoneByData, phoneByOffer, type PhoneSession } from '../../storage/queries/phone';
import { strictTransport } from '../kit/security';

/** Requests one address may send in a minute, and wrong addresses or tokens in five. */
const requestsPerMinute = 240;
const missesPerFiveMinutes = 30;
/** A signed XML document that proves who asks. */
const proofLimit = '256kb';
/** Signatures alone are small; with the documents inside, 20 MB of them twice in base64. */
const signaturesLimit = '2mb';
const enclosedLimit = '48mb';
/** Sessions whose documents are read and written at one time: each may hold 20 MB. */
const documentsAtOnce = 4;

/** A refusal in the protocol's form: a status and a sentence for the person who holds the phone. */
class PhoneRefusal extends Error {
  constructor(
    readonly status: 400 | 401 | 403 | 404 | 405 | 409 | 410 | 413 | 429 | 503,
    readonly code: string,
  ) {
    super(code);
  }
}

const statusOfEnd: Readonly<Record<string, 409 | 410>> = { 'phone.busy': 409, 'phone.not_given': 409 };
const ended = (code: string): PhoneRefusal => new PhoneRefusal(statusOfEnd[code] ?? 410, code);

/** `Accept-Language: ru | kk | en`; some senders write the country for the Kazakh language. */
const translatorOf = (deps: Deps, req: Request): Translator =>
  deps.texts(preferredLang(req.get('Accept-Language')?.replace(/\bkz\b/gi, 'kk')));

/** The application phones come to: API No. 1 and No. 2 and nothing else; no cookies, no pages. */
export function createPhoneApp(deps: Deps, phones: PhoneSender): Express {
  const config = phoneConfig(deps);
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('trust proxy', deps.config.trustProxy === '' ? false : deps.config.trustProxy.split(',').map((p) => p.trim()));
  app.set('query parser', 'simple');
  app.set('env', 'production');
  app.use((_req, res, next) => {
    strictTransport(res, config.url);
    res.set({ 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff', 'Content-Security-Policy': "default-src 'none'" });
    next();
  });
  const prefix = new URL(config.url).pathname.replace(/\/+$/, '');
  const health = (_req: Request, res: Response): void => void res.type('text').send(healthText);
  app.get('/healthz', health);
  if (prefix !== '') app.get(`${prefix}/healthz`, health);
  app.use(prefix === '' ? '/' : prefix, phoneRoutes(deps, phones));
  app.use(() => {
    throw new PhoneRefusal(404, 'phone.unknown');
  });
  const onError: ErrorRequestHandler = (error: unknown, req, res, next) => {
    if (res.headersSent) return next(error);
    const { status, code } = refusalOf(error) ?? { status: 500 as const, code: 'phone.failure' };
    // Tokens never reach a log: the path is left out.
    if (status === 500) deps.log.error({ err: error }, 'a request of a phone failed');
    else deps.log.info({ method: req.method, status, code }, 'a phone was refused');
    res.status(status).json({ message: messageOf(translatorOf(deps, req), code) });
  };
  app.use(onError);
  return app;
}

function refusalOf(error: unknown): (Pick<PhoneRefusal, 'code'> & { status: number }) | null {
  if (error instanceof PhoneRefusal) return error;
  const type = (error as { type?: string } | null)?.type;
  if (type === 'entity.too.large') return { status: 413, code: 'phone.too_big' };
  return type?.startsWith('entity.') || type === 'encoding.unsupported' || type === 'request.aborted' || error instanceof URIError
    ? { status: 400, code: 'phone.malformed' }
    : null;
}

/** Words for a refusal: those of pages, else those of a signature's verdict. */
const messageOf = ({ t, has }: Translator, code: string): string =>
  has(`errors.${code}`) ? t(`errors.${code}`) : has(`verdict.${code}`) ? t(`verdict.${code}`) : t('errors.phone.failure');

function phoneRoutes(deps: Deps, phones: PhoneSender): Router {
  const config = phoneConfig(deps);
  const router = Router();
  const pace = new RateLimiterMemory({ points: requestsPerMinute, duration: 60 });
  const misses = new RateLimiterMemory({ points: missesPerFiveMinutes, duration: 300 });
  const door = sideDoor(documentsAtOnce);

  /** Guessing is hopeless; the limit only keeps it from being noisy. */
  const miss = async (req: Request, refusal: PhoneRefusal): Promise<never> => {
    await misses.consume(req.ip ?? '').catch(() => Promise.reject(new PhoneRefusal(429, 'limited')));
    throw refusal;
  };
  router.use((req, _res, next) => {
    pace.consume(req.ip ?? '').then(
      () => next(),
      () => next(new PhoneRefusal(429, 'limited')),
    );
  });

  const byData = async (req: Request): Promise<PhoneSession> => {
    const hash = capabilityHash(String(req.params.token));
    const session = hash && (await phoneByData(deps.db, hash));
    return session ?? miss(req, new PhoneRefusal(404, 'phone.unknown'));
  };
  /** The token of API No. 1 comes back as `Authorization: Bearer`; compared by digest and in constant time. */
  const authorised = async (req: Request, session: PhoneSession): Promise<void> => {
    if (session.authType !== 'Token') return;
    const given = /^Bearer\s+(\S+)$/i.exec(req.get('Authorization') ?? '')?.[1] ?? '';
    if (!timingSafeEqual(createHash('sha256').update(given).digest(), session.tokenHash))
      await miss(req, new PhoneRefusal(401, 'phone.unauthorised'));
  };
  /** Whoever has lost the right to sign since the code was shown gets no document and no signature through. */
  const standing = async (session: PhoneSession): Promise<void> => {
    if (session.purpose !== 'sign') return;
    if (session.participantId === null) {
      if (!(await isActiveMember(deps.db, session.personId ?? '', session.organisationId ?? ''))) throw new PhoneRefusal(403, 'forbidden');
      return;
    }
    const invitation = await invitationOf(deps.db, session.participantId);
    if (!invitation || invitation.revokedAt) throw new PhoneRefusal(403, 'invitation.revoked');
    if (invitation.expiresAt <= deps.now()) throw new PhoneRefusal(403, 'invitation.expired');
  };

  router.get('/api1/:token', async (req, res) => {
    const hash = capabilityHash(req.params.token);
    const session = hash && (await phoneByOffer(deps.db, hash));
    if (!session) return miss(req, new PhoneRefusal(404, 'phone.unknown'));
    const now = deps.now();
    const decision = decidePhone(factsOf(session), { kind: 'offer', by: session.by }, now.getTime());
    if (!decision.ok) throw ended(decision.code);
    await standing(session);
    if (!decision.again) await movePhone(deps.db, session.id, ['created'], decision.next, now);
    const tokens = phoneTokens(deps.config.secrets, session.id, session.codeVersion, session.tokenHash);
    res.json(await offerJson(deps, config, session, tokens, translatorOf(deps, req)));
  });

  /** Hands the documents out and says so in the record. */
  const give = async (req: Request, res: Response, session: PhoneSession): Promise<void> => {
    const now = deps.now();
    const decision = decidePhone(factsOf(session), { kind: 'give' }, now.getTime());
    if (!decision.ok) throw ended(decision.code);
    await standing(session);
    const leave = door();
    if (!leave) throw new PhoneRefusal(503, 'phone.busy');
    try {
      const data = await dataJson(deps, session, translatorOf(deps, req));
      if (!decision.again) await movePhone(deps.db, session.id, ['created', 'fetched'], decision.next, now);
      res.json(data);
    } finally {
      leave();
    }
  };

  router.get('/api2/:token', async (req, res) => {
    const session = await byData(req);
    await authorised(req, session);
    if (session.authType === 'Eds') throw new PhoneRefusal(401, 'phone.wants_proof');
    await give(req, res, session);
  });

  router.post('/api2/:token', express.json({ limit: proofLimit }), async (req, res) => {
    const session = await byData(req);
    if (session.authType !== 'Eds') throw new PhoneRefusal(405, 'phone.wants_no_proof');
    const xml = (req.body as { xml?: unknown } | undefined)?.xml;
    if (typeof xml !== 'string' || xml === '') throw new PhoneRefusal(400, 'phone.malformed');
    const decision = decidePhone(factsOf(session), { kind: 'give' }, deps.now().getTime());
    if (!decision.ok) throw ended(decision.code);
    const { data } = phoneTokens(deps.config.secrets, session.id, session.codeVersion, session.tokenHash);
    const problem = await checkProof(deps, session, xml, dataUrl(config, data));
    if (problem) throw new PhoneRefusal(403, problem);
    await give(req, res, session);
  });

  // Who may not, is refused before a large body is read.
  const parse = {
    CMS_SIGN_ONLY: express.json({ limit: signaturesLimit }),
    XML: express.json({ limit: signaturesLimit }),
    CMS_WITH_DATA: express.json({ limit: enclosedLimit }),
  };
  router.put('/api2/:token', async (req, res) => {
    const session = await byData(req);
    await authorised(req, session);
    if (session.state !== 'signed' && session.state !== 'refused') await standing(session);
    const leave = door();
    if (!leave) throw new PhoneRefusal(503, 'phone.busy');
    try {
      await new Promise<void>((resolve, reject) =>
        parse[session.signMethod](req, res, (error?: Error | string) =>
          error ? reject(error instanceof Error ? error : new Error(error)) : resolve(),
        ),
      );
      answerPut(res, await receivePut(deps, phones, session, req.body));
    } finally {
      leave();
    }
  });

  return router;
}

function answerPut(res: Response, outcome: PutOutcome): void {
  switch (outcome.kind) {
    case 'accepted':
      return void res.json({});
    case 'malformed':
      throw new PhoneRefusal(400, outcome.code);
    case 'refused':
      throw new PhoneRefusal(403, outcome.code);
    case 'over':
      throw new PhoneRefusal(410, outcome.code);
    case 'not-yet':
      throw new PhoneRefusal(409, outcome.code);
    case 'busy':
      throw new PhoneRefusal(503, outcome.code);
  }
}
