import type { Request, Response, Router } from 'express';
import type { Place } from '../../services/documents/place';
import type { Pages } from './views';

export type FindPlace = (req: Request) => Promise<Place>;

/** Lets a guest press only with a key where the organisation wants one; false when it has answered the request by asking for it. */
export type GuestKey = (req: Request, res: Response, place: Place) => Promise<boolean>;

export type DecisionPage = Extract<keyof Pages, `pages/${string}/decision`>;

/** What anybody asked about a document can do with it, for the places that `find` finds. */
export type ParticipantRoutes = (find: FindPlace, decisionPage: DecisionPage) => Router;
