import { Router } from 'express';
import { checkPhone } from '../../services/phone/preflight';
import type { WebDeps } from '../kit/context';
import { managerOf } from '../kit/guards';
import type { Responder } from '../kit/respond';

/** The page that says whether signing with the phone can work. */
export function phoneCheckRoutes(deps: WebDeps, respond: Responder): Router {
  const router = Router();

  router.get('/settings/phone', async (req, res) => {
    managerOf(req);
    const { phone } = deps.config;
    res.set('Cache-Control', 'no-store');
    await respond.page(
      req,
      res,
      'pages/settings/phone',
      {
        url: phone?.url ?? null,
        listen: phone && `${phone.listen.host}:${phone.listen.port}`,
        authType: phone?.authType ?? null,
        isDemo: deps.config.demo !== null,
        checks: phone ? await checkPhone(phone) : [],
      },
      'settings',
    );
  });

  return router;
}
