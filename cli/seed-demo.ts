import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { organisationRoles } from '../domain/people/roles';
import { type ModuleName, moduleNames, moduleSetting } from '../domain/settings/modules';
import { hashPassword } from '../services/accounts/passwords';
import { readConfig } from '../services/config';
import { mappingSetting } from '../storage/queries/directory';
import { accountByLogin, createPerson, ensureOrganisation, insertMembership } from '../storage/queries/people';
import { readSetting, saveSetting } from '../storage/queries/settings';
import { seedDocuments } from './seed-documents';
import { Usage } from './usage';
import { openDatabase, transactions, type Tx } from '../storage/db';

const person = z.object({
  login: z.string(),
  password: z.string(),
  iin: z.string(),
  lastName: z.string(),
  firstName: z.string(),
  middleName: z.string(),
  email: z.string(),
  position: z.string(),
  role: z.enum(organisationRoles),
});

const organisation = z.object({ bin: z.string(), name: z.string(), accounts: z.enum(['directory', 'local']), people: z.array(person) });
const file = z.object({ organisations: z.array(organisation) });
export type DemoOrganisation = z.output<typeof organisation>;

/** Groups of the demo's directory and the roles they give. */
const groupRoles = organisationRoles.map((role) => ({ group: `kense-${role}s`, role }));

/** Fills an empty demo with organisations, people and some documents on their way; what is there already stays. Refused outside a demo. */
export async function runSeedDemo(argv: readonly string[]): Promise<number> {
  const config = readConfig(process.env);
  if (!config.demo) throw new Usage('seed-demo fills the demo only: KENSE_DEMO=1 is not set');
  const [path] = argv;
  if (!path) throw new Usage('kense seed-demo FILE: the demo organisations as JSON');
  const { organisations } = file.parse(JSON.parse(readFileSync(path, 'utf8')));
  const db = openDatabase({ url: config.databaseUrl, tls: config.databaseTls, keys: config.secrets, poolMax: 4 });
  const inTx = transactions(db);
  try {
    for (const one of organisations) {
      const now = new Date();
      const hashes = new Map<string, string>();
      for (const p of one.people)
        if (one.accounts === 'local' && !(await accountByLogin(db, p.login))) hashes.set(p.login, await hashPassword(p.password));
      await inTx(async (tx) => {
        const organisationId = await ensureOrganisation(tx, one, now);
        if (one.accounts === 'directory') await saveSetting(tx, organisationId, mappingSetting, groupRoles, now);
        for (const name of moduleNames) await switchOnOnce(tx, organisationId, name, now);
        for (const p of one.people) {
          if (await accountByLogin(tx, p.login)) continue;
          const isLocal = one.accounts === 'local';
          const name = `${p.lastName} ${p.firstName} ${p.middleName}`.trim();
          const made = await createPerson(
            tx,
            { name, email: p.email, iin: p.iin },
            {
              login: p.login,
              source: isLocal ? 'local' : 'ldap',
              passwordHash: hashes.get(p.login) ?? null,
              organisationId: isLocal ? organisationId : null,
            },
            now,
          );
          if (made === 'taken') continue;
          await insertMembership(
            tx,
            { organisationId, personId: made.personId, role: p.role, roleSource: isLocal ? 'hand' : 'directory', position: p.position },
            now,
          );
        }
      });
    }
    await seedDocuments(config, db, organisations);
  } finally {
    await db.destroy();
  }
  return 0;
}

/** The demo shows what there is; a module somebody has switched off stays off. */
async function switchOnOnce(tx: Tx, organisationId: string, name: ModuleName, now: Date): Promise<void> {
  if ((await readSetting(tx, organisationId, moduleSetting(name), z.unknown(), null)) !== null) return;
  await saveSetting(tx, organisationId, moduleSetting(name), { isOn: true, by: 'Kense', at: now.toISOString() }, now);
}
