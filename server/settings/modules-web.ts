import { Router } from 'express';
import { Refusal } from '../../domain/refusals';
import { type ModuleName, moduleNames, moduleSetting } from '../../domain/settings/modules';
import { readModule } from '../../services/settings/modules';
import { perform } from '../../storage/command';
import { saveSetting } from '../../storage/queries/settings';
import { actOf } from '../kit/act';
import type { WebDeps } from '../kit/context';
import { flatten } from '../kit/form';
import { managerOf } from '../kit/guards';
import type { Responder } from '../kit/respond';

const icons: Record<ModuleName, string> = { group_signing: 'sign', outside_phone: 'phone', outside_key: 'key' };

/** Additional functions of an organisation, switched by its owners and administrators. */
export function moduleRoutes(deps: WebDeps, respond: Responder): Router {
  const router = Router();

  router.get('/settings/modules', async (req, res) => {
    const me = managerOf(req);
    const modules = await Promise.all(
      moduleNames.map(async (name) => {
        const setting = await readModule(deps, me.organisationId, name);
        const { isOn = false, by: changedBy = null, at: changedAt = null } = setting ?? {};
        return { name, icon: icons[name], isOn, changedBy, changedAt, command: deps.newId() };
      }),
    );
    await respond.page(req, res, 'pages/settings/modules', { modules }, 'settings');
  });

  router.post('/settings/modules/:name', async (req, res) => {
    const me = managerOf(req);
    const name = moduleNames.find((each) => each === req.params.name);
    if (!name) throw new Refusal('not_found');
    const isOn = flatten(req.body).on === 'yes';
    const { id, by, at } = actOf(deps, req);
    const { organisationId } = me;
    await perform(
      deps,
      { id, by, at },
      { organisationId, id: organisationId },
      isOn ? 'settings.module_on' : 'settings.module_off',
      async (tx) => {
        await saveSetting(tx, organisationId, moduleSetting(name), { isOn, by: by.name, at: at.toISOString() }, at);
        return { details: { module: name }, result: null };
      },
    );
    respond.go(req, res, '/settings/modules', { tone: 'ok', key: isOn ? 'flash.module_on' : 'flash.module_off' });
  });

  return router;
}
