import { type Request, Router } from 'express';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { isUlid } from '../../domain/ids';
import type { Member } from '../../domain/people/roles';
import { maxSessionItems } from '../../domain/phone/session';
import { Refusal } from '../../domain/refusals';
import { phoneSender } from '../../integrations/temporal/phone';
import { readToSignFilter } from '../../services/documents/filter';
import type { Place } from '../../services/documents/place';
import { createSigning, signableOf } from '../../services/phone/create';
import { askablesOf } from '../../storage/queries/groups';
import { listToSign } from '../../storage/queries/lists';
import { personById } from '../../storage/queries/people';
import { phoneById, phoneItems, type PhoneSession } from '../../storage/queries/phone';
import { participantById } from '../../storage/queries/routes';
import { commandOf } from '../kit/command';
import { memberOf, type WebDeps } from '../kit/context';
import { optionalWholeNumber } from '../kit/input';
import { presentFile } from '../kit/parts/file';
import type { Responder } from '../kit/respond';
import type { PhoneSignPage } from './pages';
import { type PhonePlace, presentPhone } from './presenters';
import { answerPoll, phoneOf, renewCode } from './sessions';

/** Sessions one person from outside may start in five minutes. */
const guestSessions = 30;

/** A session that has been stored just now. */
async function justMade(deps: WebDeps, id: string): Promise<PhoneSession> {
  const session = await phoneById(deps.db, id);
  if (!session) throw new Error('a phone session was not stored');
  return session;
}

/** Signing one document with the phone; mounted for members and, where switched on, for people from outside. */
export function phoneSigningRoutes(deps: WebDeps, respond: Responder, find: (req: Request) => Promise<Place>): Router {
  const router = Router({ mergeParams: true });
  const phones = phoneSender(deps.temporal.client);
  const pace = new RateLimiterMemory({ points: guestSessions, duration: 300 });

  const placeOf = ({ base }: Place, id: string): PhonePlace => ({
    url: `${base}/phone/${id}`,
    againUrl: `${base}/phone`,
    doneUrl: base,
    closes: true,
    documentHref: () => null,
  });
  const session = async (req: Request, { actor, document }: Place): Promise<PhoneSession> => {
    const found = await phoneOf(deps, req, (one) =>
      actor.kind === 'guest'
        ? one.participantId === actor.participantId
        : one.purpose === 'sign' && one.personId === actor.personId && one.organisationId === actor.organisationId,
    );
    if (!(await phoneItems(deps.db, found.id)).some(({ documentId }) => documentId === document.id)) throw new Refusal('not_found');
    return found;
  };
  const present = async (place: Place, found: PhoneSession): Promise<PhoneSignPage> => {
    const { document, actor, base } = place;
    const [item] = await phoneItems(deps.db, found.id);
    const participant = item ? await participantById(deps.db, item.participantId) : null;
    const initiator = actor.kind === 'guest' ? await personById(deps.db, document.initiatorId) : null;
    return {
      title: document.title,
      state: await presentPhone(deps, found, placeOf(place, found.id)),
      keyUrl: `${base}/sign`,
      base,
      signer: { name: participant?.name ?? '', iin: found.iin },
      onBehalf: actor.kind === 'member' ? { name: document.organisationName, bin: document.organisationBin } : null,
      file: presentFile(document, base),
      initiator: initiator && { name: initiator.name, email: initiator.email },
      leftOut: 0,
    };
  };

  router.get('/phone', async (req, res) => {
    const place = await find(req);
    const id = deps.newId();
    if (place.actor.kind === 'guest') await pace.consume(place.actor.participantId).catch(() => Promise.reject(new Refusal('limited')));
    await createSigning(deps, phones, id, place.actor, [place.document]);
    if (!req.kense.isHtmx) return res.redirect(303, `${place.base}/phone/${id}`);
    res.set('Cache-Control', 'no-store');
    return respond.fragment(req, res, 'fragments/phone/dialog', await present(place, await justMade(deps, id)));
  });

  router.get('/phone/:phone', async (req, res) => {
    const place = await find(req);
    const found = await session(req, place);
    if (req.kense.isHtmx) return answerPoll(deps, respond, req, res, found, placeOf(place, found.id));
    res.set('Cache-Control', 'no-store');
    const isGuest = place.actor.kind === 'guest';
    return respond.page(
      req,
      res,
      isGuest ? 'pages/invitations/phone' : 'pages/documents/phone',
      await present(place, found),
      isGuest ? null : 'to-sign',
    );
  });

  router.post('/phone/:phone/code', async (req, res) => {
    const place = await find(req);
    const found = await renewCode(deps, await session(req, place));
    if (req.kense.isHtmx) return answerPoll(deps, respond, req, res, found, placeOf(place, found.id));
    return res.redirect(303, `${place.base}/phone/${found.id}`);
  });

  return router;
}

/** Which documents a form chooses: those ticked, or everything its filter finds. */
async function chosenDocuments(deps: WebDeps, me: Member, choice: Record<string, unknown>): Promise<string[]> {
  if (choice.all === undefined) return (Array.isArray(choice.id) ? (choice.id as unknown[]) : [choice.id]).filter(isUlid);
  const { query } = readToSignFilter(choice, deps.now());
  const { rows } = await listToSign(deps.db, me, { ...query, kind: 'sign' }, { limit: maxSessionItems + 1 });
  return rows.map(({ documentId }) => documentId);
}

/** Signing several documents with the phone in one session; it is its maker's alone. */
export function phoneBatchRoutes(deps: WebDeps, respond: Responder): Router {
  const router = Router();
  const phones = phoneSender(deps.temporal.client);

  const placeOf = (id: string): PhonePlace => ({
    url: `/phone/${id}`,
    againUrl: '/to-sign',
    doneUrl: '/to-sign',
    closes: false,
    documentHref: (documentId) => `/documents/${documentId}`,
  });
  const own = (req: Request): Promise<PhoneSession> => {
    const me = memberOf(req);
    return phoneOf(deps, req, (one) => one.purpose === 'sign' && one.personId === me.personId && one.organisationId === me.organisationId);
  };

  router.post('/phone', async (req, res) => {
    const me = memberOf(req);
    const id = commandOf(req);
    const chosen = await chosenDocuments(deps, me, req.body as Record<string, unknown>);
    const [documents, asked] = [await signableOf(deps, me, chosen), await askablesOf(deps.db, me, chosen)];
    await createSigning(deps, phones, id, me, documents);
    const leftOut = asked.length - documents.length;
    respond.go(req, res, `/phone/${id}${leftOut > 0 ? `?left=${leftOut}` : ''}`);
  });

  router.get('/phone/:phone', async (req, res) => {
    const found = await own(req);
    if (req.kense.isHtmx) return answerPoll(deps, respond, req, res, found, placeOf(found.id));
    const { session } = req.kense;
    res.set('Cache-Control', 'no-store');
    const data: PhoneSignPage = {
      title: found.title,
      state: await presentPhone(deps, found, placeOf(found.id)),
      keyUrl: null,
      base: '/to-sign',
      signer: { name: session?.person.name ?? '', iin: found.iin },
      onBehalf: session?.organisation ? { name: session.organisation.name, bin: session.organisation.bin } : null,
      file: null,
      initiator: null,
      leftOut: Math.min(optionalWholeNumber(req.query.left, 0), 1_000),
    };
    return respond.page(req, res, 'pages/documents/phone', data, 'to-sign');
  });

  router.post('/phone/:phone/code', async (req, res) => {
    const found = await renewCode(deps, await own(req));
    if (req.kense.isHtmx) return answerPoll(deps, respond, req, res, found, placeOf(found.id));
    return res.redirect(303, `/phone/${found.id}`);
  });

  return router;
}
