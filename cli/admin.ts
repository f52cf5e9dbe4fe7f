import { createInterface } from 'node:readline/promises';
import { formatHead } from '../domain/audit/heads';
import { isTwelveDigits } from '../domain/people/numbers';
import { openTemporal } from '../integrations/temporal/client';
import { evidenceSender } from '../integrations/temporal/evidence';
import { groupSender } from '../integrations/temporal/groups';
import { phoneSender } from '../integrations/temporal/phone';
import { routeSender } from '../integrations/temporal/send';
import { hashPassword, minPasswordLength } from '../services/accounts/passwords';
import { type Config, readConfig } from '../services/config';
import { appendAudit } from '../storage/audit';
import { currentHeads } from '../storage/audit-verify';
import { newId } from '../storage/ids';
import { migrate } from '../storage/migrate';
import { keyAudit } from '../storage/migrations/0012-key-audit';
import { openObjectStore } from '../storage/objects';
import { gatheringEvidence } from '../storage/queries/evidence';
import { liveGroups } from '../storage/queries/groups';
import { routesWithForgottenMail } from '../storage/queries/mail';
import {
  accountByLogin,
  createPerson,
  ensureOrganisation,
  holderOfIin,
  insertMembership,
  setAccountActive,
} from '../storage/queries/people';
import { livePhones } from '../storage/queries/phone';
import { liveRoutes } from '../storage/queries/routes';
import { installation } from '../storage/queries/settings';
import { Usage } from './usage';
import { assertDatabase, openDatabase, transactions } from '../storage/db';

type Options = { words: string[]; values: Map<string, string> };
export function parseOptions(argv: readonly string[]): Options {
  const words: string[] = [];
  const values = new Map<string, string>();
  for (let i = 0; i < argv.length; i++) {
    const arg = argv[i] ?? '';
    if (!arg.startsWith('--')) words.push(arg);
    else if (arg.includes('=')) values.set(arg.slice(2, arg.indexOf('=')), arg.slice(arg.indexOf('=') + 1));
    else if (argv[i + 1] !== undefined && !argv[i + 1]?.startsWith('--')) values.set(arg.slice(2), argv[++i] ?? '');
    else values.set(arg.slice(2), '');
  }
  return { words, values };
}

/** Runs work on a pool of its own. */
export async function withDatabase<T>(config: Config, work: (db: ReturnType<typeof openDatabase>) => Promise<T>): Promise<T> {
  const db = openDatabase({ url: config.databaseUrl, tls: config.databaseTls, keys: config.secrets, poolMax: 4 });
  try {
    return await work(db);
  } finally {
    await db.destroy();
  }
}

/** Brings the schema up to date and makes the bucket. */
export async function runMigrate(): Promise<number> {
  const config = readConfig(process.env);
  const { applied, heads } = await withDatabase(config, async (db) => {
    await assertDatabase(db);
    const names = await migrate(db);
    // Done once in the life of a database: a second time somebody has undone the first, and an administrator sees it here.
    return { applied: names, heads: names.includes(keyAudit.name) ? await currentHeads(db, new Date()) : [] };
  });
  await openObjectStore(config.objects).ensureBucket();
  if (heads.length > 0) console.log('rows of the audit log up to here carry no MAC; keep these lines outside:');
  for (const head of heads) console.log(formatHead(head));
  console.log(applied.length > 0 ? `applied: ${applied.join(', ')}` : 'the schema is current');
  return 0;
}

/** Makes a local owner of an organisation without mail or directory: the way in when nothing else works. */
export async function runCreateAdmin(argv: readonly string[]): Promise<number> {
  const { values } = parseOptions(argv);
  const need = (name: string): string => {
    const value = values.get(name)?.trim();
    if (!value)
      throw new Usage(
        `--${name} is missing. kense user create-admin --login NAME --name "FULL NAME" --bin 12-DIGITS --organisation "NAME" [--email ADDRESS] [--iin 12-DIGITS]; the password is read from standard input`,
      );
    return value;
  };
  const [login, name, bin, organisation] = [need('login'), need('name'), need('bin'), need('organisation')];
  const [email, iin] = [values.get('email') ?? null, values.get('iin') ?? null];
  if (!isTwelveDigits(bin)) throw new Usage('--bin wants 12 digits');
  if (iin && !isTwelveDigits(iin)) throw new Usage('--iin wants 12 digits');
  const password = await readPassword();
  if (password.length < minPasswordLength) throw new Usage(`the password wants at least ${minPasswordLength} characters`);
  const passwordHash = await hashPassword(password);
  return withDatabase(readConfig(process.env), async (db) => {
    const made = await transactions(db)(async (tx) => {
      if (await accountByLogin(tx, login)) return 'taken' as const;
      const now = new Date();
      const organisationId = await ensureOrganisation(tx, { bin, name: organisation }, now);
      if (iin && (await holderOfIin(tx, organisationId, iin))) return 'iin-taken' as const;
      const person = await createPerson(tx, { name, email, iin }, { login, source: 'local', passwordHash, organisationId }, now);
      if (person === 'taken') return person;
      await insertMembership(tx, { organisationId, personId: person.personId, role: 'owner', roleSource: 'hand', position: '' }, now);
      await appendAudit(tx, {
        organisationId,
        at: now,
        actor: { kind: 'system', id: 'command-line', name: 'kense user create-admin' },
        action: 'person.created',
        entityId: person.personId,
        commandId: newId(),
        details: { login, role: 'owner' },
      });
      return person;
    });
    if (made === 'taken') throw new Usage(`the login ${login} exists already`);
    if (made === 'iin-taken') throw new Usage('somebody of this organisation carries this IIN already');
    console.log(`${login} may now sign in as owner of ${organisation}`);
    return 0;
  });
}

/** Closes or opens one account for the operator, whatever organisations its person belongs to. */
export async function runAccountActive(argv: readonly string[], isActive: boolean): Promise<number> {
  const login = parseOptions(argv).values.get('login')?.trim();
  if (!login) throw new Usage(`--login is missing. kense user ${isActive ? 'enable' : 'disable'} --login NAME`);
  return withDatabase(readConfig(process.env), async (db) => {
    const account = await accountByLogin(db, login);
    if (!account) throw new Usage(`there is no login ${login}`);
    const now = new Date();
    await transactions(db)(async (tx) => {
      if ((await setAccountActive(tx, account, isActive, now)) === 0) return;
      await appendAudit(tx, {
        organisationId: installation,
        at: now,
        actor: { kind: 'system', id: 'command-line', name: `kense user ${isActive ? 'enable' : 'disable'}` },
        action: isActive ? 'account.enabled' : 'account.disabled',
        entityId: account.personId,
        commandId: newId(),
        details: { login: account.login },
      });
    });
    console.log(`${account.login} ${isActive ? 'may sign in' : 'is closed, its sessions have ended'}`);
    return 0;
  });
}

async function readPassword(): Promise<string> {
  const lines = createInterface({ input: process.stdin, terminal: false });
  if (process.stdin.isTTY) process.stderr.write('Password: ');
  for await (const line of lines) {
    lines.close();
    return line;
  }
  throw new Usage('no password on standard input');
}

/** Starts a run for every live route that has none: after a restore the record wins. */
export async function runReconcile(): Promise<number> {
  const config = readConfig(process.env);
  const { client, connection } = openTemporal(config.temporal, config.secrets);
  try {
    return await withDatabase(config, async (db) => {
      const send = routeSender(client);
      let [seen, started] = [0, 0];
      for (let page = await liveRoutes(db, '', 200); page.length > 0; page = await liveRoutes(db, page.at(-1)?.id ?? '', 200)) {
        for (const route of page) {
          seen++;
          if (await send.resume(route)) started++;
        }
      }
      console.log(`${seen} live routes, ${started} started again`);
      const forgotten = await routesWithForgottenMail(db, new Date());
      for (const route of forgotten) await send.look(route);
      console.log(`${forgotten.length} routes with unsent mails, each told to look at its record`);
      const groups = groupSender(client);
      let woken = 0;
      for (let page = await liveGroups(db, '', 200); page.length > 0; page = await liveGroups(db, page.at(-1)?.id ?? '', 200)) {
        for (const group of page) if (await groups.nudge(group)) woken++;
      }
      console.log(`${woken} live groups, each told to look at its record`);
      const phones = phoneSender(client);
      let told = 0;
      for (let page = await livePhones(db, '', 200); page.length > 0; page = await livePhones(db, page.at(-1)?.id ?? '', 200)) {
        for (const session of page) if (await phones.nudge(session)) told++;
      }
      console.log(`${told} phone sessions, each told to look at its record`);
      const proofs = evidenceSender(client);
      let resumed = 0;
      for (let page = await gatheringEvidence(db, '', 200); page.length > 0; page = await gatheringEvidence(db, page.at(-1) ?? '', 200)) {
        for (const signatureId of page) if (await proofs.resume(signatureId)) resumed++;
      }
      console.log(`${resumed} proofs being gathered, started again`);
      return 0;
    });
  } finally {
    await connection.close();
  }
}
