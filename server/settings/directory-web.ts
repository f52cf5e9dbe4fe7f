import { type Request, Router } from 'express';
import { z } from 'zod';
import { roleFor } from '../../domain/people/directory';
import { normalLogin } from '../../domain/people/logins';
import { organisationRoles } from '../../domain/people/roles';
import { Refusal } from '../../domain/refusals';
import { syncDirectory } from '../../services/people/directory-sync';
import { perform } from '../../storage/command';
import {
  directoryMapping,
  type DirectoryMapping,
  directorySync,
  type DirectorySync,
  mappingSetting,
  syncSetting,
} from '../../storage/queries/directory';
import { listPeople } from '../../storage/queries/people';
import { readSetting, saveSetting } from '../../storage/queries/settings';
import { actOf } from '../kit/act';
import type { WebDeps } from '../kit/context';
import { flatten, type Posted } from '../kit/form';
import { type FreshProof, managerOf } from '../kit/guards';
import type { Responder } from '../kit/respond';
import type { FieldErrors } from '../kit/views';
import type { DirectoryPage, DirectoryPreview } from './pages';

/** People read for a preview; larger directories are previewed in part, and the page says how many were read. */
const previewLimit = 2_000;

/** Which directory groups give which role: shown, tried out, previewed and saved by owners and administrators. */
export function directoryRoutes(deps: WebDeps, respond: Responder, fresh: FreshProof): Router {
  const router = Router();
  const { directory } = deps.config;

  const lastSync = async ({ db }: Pick<WebDeps, 'db'>, organisationId: string): Promise<DirectoryPage['lastSync']> =>
    readSetting<DirectorySync | null>(db, organisationId, syncSetting, directorySync, null);

  const pageData = async (req: Request, extra: Partial<DirectoryPage> = {}): Promise<DirectoryPage> => {
    const me = managerOf(req);
    return {
      url: directory?.url ?? null,
      baseDn: directory?.baseDn ?? null,
      isEncrypted: directory !== null && (directory.url.startsWith('ldaps:') || directory.startTls),
      lastSync: await lastSync(deps, me.organisationId),
      test: null,
      mapping: await readSetting(deps.db, me.organisationId, mappingSetting, directoryMapping, []),
      roles: [...organisationRoles],
      command: deps.newId(),
      rev: 0,
      errors: {},
      preview: null,
      ...extra,
    };
  };

  router.get('/settings/directory', async (req, res) => {
    await respond.page(req, res, 'pages/settings/directory', await pageData(req), 'settings');
  });

  router.post('/settings/directory/test', async (req, res) => {
    managerOf(req);
    if (!deps.directory) throw new Refusal('directory.not_set');
    const at = deps.now().toISOString();
    const test = await deps.directory.people(previewLimit).then(
      (people): DirectoryPage['test'] => ({ isOk: true, at, people: people.length, error: null }),
      (error: Error): DirectoryPage['test'] => ({
        isOk: false,
        at,
        people: 0,
        error: { code: 'directory.unreachable', params: { reason: error.message.slice(0, 200) } },
      }),
    );
    await respond.page(req, res, 'pages/settings/directory', await pageData(req, { test }), 'settings');
  });

  router.post('/settings/directory/mapping', async (req, res) => {
    const me = managerOf(req);
    const { mapping, errors } = readMapping(flatten(req.body));
    if (!(await fresh(req, res))) return;
    const kept = await readSetting(deps.db, me.organisationId, mappingSetting, directoryMapping, []);
    const ownersOf = (rows: DirectoryMapping): string => JSON.stringify(rows.filter((m) => m.role === 'owner'));
    if (me.role !== 'owner' && ownersOf(mapping) !== ownersOf(kept)) errors.form = { code: 'forbidden' };
    if (Object.keys(errors).length > 0) {
      res.status(422);
      return respond.page(req, res, 'pages/settings/directory', await pageData(req, { mapping, errors }), 'settings');
    }
    const act = actOf(deps, req);
    const { organisationId } = me;
    await perform(deps, act, { organisationId, id: organisationId }, 'settings.directory_mapping', async (tx) => {
      await saveSetting(tx, organisationId, mappingSetting, mapping, act.at);
      return { details: { mapping }, result: null };
    });
    respond.go(req, res, '/settings/directory', { tone: 'ok', key: 'flash.mapping_saved' });
  });

  router.post('/settings/directory/preview', async (req, res) => {
    const me = managerOf(req);
    const { mapping } = readMapping(flatten(req.body));
    const preview = await makePreview(deps, me.organisationId, mapping);
    if (req.kense.isHtmx) respond.fragment(req, res, 'fragments/settings/directory-preview', preview);
    else await respond.page(req, res, 'pages/settings/directory', await pageData(req, { mapping, preview }), 'settings');
  });

  /** A look at the directory now; with `confirm`, what waits for a person's word is done. */
  router.post('/settings/directory/sync', async (req, res) => {
    const me = managerOf(req);
    if (!deps.directory) throw new Refusal('directory.not_set');
    if (!(await fresh(req, res))) return;
    const { by } = actOf(deps, req, '');
    const isConfirmed = flatten(req.body).confirm === 'yes';
    await syncDirectory(deps, { organisationId: me.organisationId, by: isConfirmed ? by : null }).catch((error: Error) =>
      Promise.reject(new Refusal('directory.unreachable', { reason: error.message.slice(0, 200) })),
    );
    respond.go(req, res, '/settings/directory', { tone: 'ok', key: 'flash.directory_synced' });
  });

  return router;
}

const row = z.object({ group: z.string().min(1).max(500), role: z.enum(organisationRoles) });

function readMapping(posted: Posted): { mapping: DirectoryMapping; errors: FieldErrors } {
  const mapping: DirectoryMapping = [];
  const errors: FieldErrors = {};
  for (let i = 0; posted[`group.${i}`] !== undefined && i < 200; i++) {
    const group = (posted[`group.${i}`] ?? '').trim();
    if (group === '') continue;
    const parsed = row.safeParse({ group, role: posted[`role.${i}`] });
    if (parsed.success) mapping.push(parsed.data);
    else errors[`group.${i}`] = { code: 'directory.bad_group' };
  }
  return { mapping, errors };
}

/** What the mapping would do to whom, without doing it. */
async function makePreview(deps: WebDeps, organisationId: string, mapping: DirectoryMapping): Promise<DirectoryPreview> {
  if (!deps.directory) throw new Refusal('directory.not_set');
  const people = await deps.directory
    .people(previewLimit)
    .catch((error: Error) => Promise.reject(new Refusal('directory.unreachable', { reason: error.message.slice(0, 200) })));
  const members = new Map(
    (await listPeople(deps.db, organisationId, '', 10_000)).filter((m) => m.endedAt === null).map((m) => [normalLogin(m.login), m]),
  );
  const changes: DirectoryPreview['changes'] = [];
  let unchanged = 0;
  for (const person of people) {
    const member = members.get(normalLogin(person.login));
    const role = person.disabled ? null : roleFor(person.groups, mapping);
    const shared = { name: person.name, login: person.login, from: member?.role ?? null, to: role, error: null };
    if (member?.source === 'local') changes.push({ ...shared, kind: 'skip', error: { code: 'directory.local_login' } });
    else if (!member && role) changes.push({ ...shared, kind: 'add' });
    else if (member && !role) changes.push({ ...shared, kind: 'disable' });
    else if (member && role && member.role !== role) changes.push({ ...shared, kind: 'role' });
    else unchanged++;
  }
  return { at: deps.now().toISOString(), changes, unchanged };
}
