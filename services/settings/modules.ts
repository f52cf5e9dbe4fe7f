import { z } from 'zod';
import { type ModuleName, moduleSetting } from '../../domain/settings/modules';
import { readSetting } from '../../storage/queries/settings';
import type { Deps } from '../deps';

const stored = z.object({ isOn: z.boolean(), by: z.string(), at: z.string() });
type Stored = z.output<typeof stored>;

/** An organisation's setting of a module: whether it is on, who set it and when; null when nobody ever did. */
export const readModule = (deps: Pick<Deps, 'db'>, organisationId: string, name: ModuleName): Promise<Stored | null> =>
  readSetting<Stored | null>(deps.db, organisationId, moduleSetting(name), stored, null);

/** Whether an organisation has switched a module on; a module nobody ever touched is off. */
export const isModuleOn = async (deps: Pick<Deps, 'db'>, organisationId: string, name: ModuleName): Promise<boolean> =>
  (await readModule(deps, organisationId, name))?.isOn ?? false;
