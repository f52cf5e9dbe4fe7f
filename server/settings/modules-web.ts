import { Router } from 'express';
import { Refusal } from '../../domain/refusals';
import { type ModuleName, moduleNames, moduleSetting } from '../../domain/settings/modules';
import { readModule } from '../../services/settings/modules';
import { appendAudit, auditActor } from '../../storage/audit';
import { once } from '../../storage/commands';
import { saveSetting } from '../../storage/queries/settings';
import { commandOf } from '../kit/command';
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
    const commandId = commandOf(req);
    const name = moduleNames.find((each) => each === req.params.name);
    if (!name) throw new Refusal('not_found');
    const isOn = flatten(req.body).on === 'yes';
    const now = deps.now();
    const by = req.kense.session?.person.name ?? '';
    const action = isOn ? 'settings.module_on' : 'settings.module_off';
    const { organisationId } = me;
    await deps.inTx((tx) =>
      once(tx, { id: commandId, organisationId, actor: me.personId, kind: action, entityId: organisationId, at: now }, async () => {
        await saveSetting(tx, organisationId, moduleSetting(name), { isOn, by, at: now.toISOString() }, now);
        await appendAudit(tx, {
          organisationId,
          at: now,
          actor: auditActor(me, by),
          action,
          entityKind: 'settings',
          entityId: organisationId,
          commandId,
          details: { module: name },
        });
        return null;
      }),
    );
    respond.go(req, res, '/settings/modules', { tone: 'ok', key: isOn ? 'flash.module_on' : 'flash.module_off' });
  });

  return router;
}
