import fs from 'node:fs';
import path from 'node:path';
import { Client } from 'ldapts';
import { type DemoOrganisation, type DemoPerson, demoOrganisations, fullNameOf } from '../../demo-data';
import { tlsFilesOf } from '../certificates';
import { PlainFailure } from '../failure';
import { writePrivate } from '../home';
import type { Server, ServerContext } from '../server';

export const directoryBase = 'dc=alatau-servis,dc=kz';
export const directoryAdminDn = `cn=admin,${directoryBase}`;
/** The account the application searches with; it may read people and groups and nothing else. */
export const directoryReaderDn = `cn=kense,ou=services,${directoryBase}`;

const groupOfRole = { owner: 'kense-owners', admin: 'kense-admins', employee: 'kense-employees', user: 'kense-users' } as const;

/** ldaps:// address of the directory. */
export function directoryUrl({ ports }: ServerContext): string {
  return `ldaps://127.0.0.1:${ports['directory']}`;
}

const personDn = (person: DemoPerson) => `uid=${person.login},ou=people,${directoryBase}`;

function moduleFolder(): string {
  const known = ['/usr/lib/ldap', '/usr/lib64/openldap', '/usr/lib/openldap', '/opt/homebrew/opt/openldap/libexec/openldap'];
  return known.find((folder) => fs.existsSync(path.join(folder, 'back_mdb.so'))) ?? known[0]!;
}

function schemaFolder(): string {
  const known = ['/etc/ldap/schema', '/etc/openldap/schema', '/usr/share/slapd/schema', '/opt/homebrew/etc/openldap/schema'];
  const found = known.find((folder) => fs.existsSync(path.join(folder, 'inetorgperson.schema')));
  if (!found)
    throw new PlainFailure('OpenLDAP is installed without its schema files (inetorgperson.schema); install the whole slapd package.');
  return found;
}

/** slapd.conf: TLS only, no anonymous reading, memberOf kept by the server. */
function configuration({ home, secrets, throwAway }: ServerContext, data: string): string {
  const tls = tlsFilesOf(home);
  const schema = schemaFolder();
  return `
${['core', 'cosine', 'inetorgperson'].map((name) => `include ${schema}/${name}.schema`).join('\n')}
modulepath ${moduleFolder()}
moduleload back_mdb
moduleload memberof
pidfile ${path.join(home.run, 'slapd.pid')}
loglevel stats
TLSCACertificateFile ${tls.ca}
TLSCertificateFile ${tls.certificate}
TLSCertificateKeyFile ${tls.key}
TLSVerifyClient never
security ssf=128
disallow bind_anon
threads 4
sizelimit 1000
database mdb
maxsize 268435456
suffix "${directoryBase}"
rootdn "${directoryAdminDn}"
rootpw ${secrets.directoryAdmin}
directory ${data}${throwAway ? '\ndbnosync' : ''}
index objectClass,uid,mail,employeeNumber,member eq
overlay memberof
access to attrs=userPassword by self write by anonymous auth by * none
access to * by dn.exact="${directoryReaderDn}" read by self read by * none
`;
}

// A distribution may confine slapd to its own folders by the program's path (AppArmor on Ubuntu); a copy elsewhere is not confined.
function unconfined(program: string, { home }: ServerContext): string {
  let confined = false;
  try {
    confined =
      fs.readFileSync('/sys/module/apparmor/parameters/enabled', 'utf8').startsWith('Y') && fs.existsSync('/etc/apparmor.d/usr.sbin.slapd');
  } catch {
    // No AppArmor here.
  }
  if (!confined) return program;
  const copy = path.join(home.run, 'slapd');
  fs.copyFileSync(program, copy);
  fs.chmodSync(copy, 0o700);
  return copy;
}

async function asAdmin<T>(context: ServerContext, use: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({
    url: directoryUrl(context),
    timeout: 5_000,
    connectTimeout: 2_000,
    tlsOptions: { ca: [fs.readFileSync(tlsFilesOf(context.home).ca)] },
  });
  try {
    await client.bind(directoryAdminDn, context.secrets.directoryAdmin);
    return await use(client);
  } finally {
    await client.unbind();
  }
}

type Entry = readonly [dn: string, attributes: Record<string, string | string[]>];

/** Entries of the directory: the tree, the application's account, the organisation's people and a group for each role. */
export function directoryEntries(organisation: DemoOrganisation, readerPassword: string): Entry[] {
  const unit = (name: string): Entry => [`ou=${name},${directoryBase}`, { objectClass: 'organizationalUnit', ou: name }];
  const people = organisation.people.map((person): Entry => [
    personDn(person),
    {
      objectClass: 'inetOrgPerson',
      uid: person.login,
      cn: fullNameOf(person),
      sn: person.lastName,
      givenName: person.firstName,
      displayName: fullNameOf(person),
      // The number of the person (IIN): directories without a field of their own for it keep it here.
      employeeNumber: person.iin,
      mail: person.email,
      title: person.position,
      departmentNumber: person.unit,
      o: organisation.name,
      userPassword: person.password,
    },
  ]);
  const groups = Object.entries(groupOfRole).map(([role, name]): Entry => {
    const members = organisation.people.filter((person) => person.role === role).map(personDn);
    return [`cn=${name},ou=groups,${directoryBase}`, { objectClass: 'groupOfNames', cn: name, member: members }];
  });
  return [
    [directoryBase, { objectClass: ['dcObject', 'organization'], dc: organisation.domain.split('.')[0]!, o: organisation.name }],
    ...['people', 'groups', 'services'].map(unit),
    [directoryReaderDn, { objectClass: ['applicationProcess', 'simpleSecurityObject'], cn: 'kense', userPassword: readerPassword }],
    ...people,
    ...groups,
  ];
}

export const directory: Server = {
  name: 'directory',
  title: 'Directory (OpenLDAP)',
  waitingFor: 'a bind over TLS to be answered',
  programs: ['slapd'],
  portNames: ['directory'],
  stopGraceMs: 10_000,

  launch(context) {
    const data = path.join(context.home.data, 'directory');
    fs.mkdirSync(data, { recursive: true, mode: 0o700 });
    const file = path.join(context.home.run, 'slapd.conf');
    writePrivate(file, configuration(context, data));
    // -d keeps it in the foreground; 0 with a loglevel in the file would log to syslog, so the level is named here.
    return {
      program: unconfined(context.programs.get('slapd')!, context),
      args: ['-f', file, '-h', directoryUrl(context), '-d', 'none'],
      marker: `-f ${file} `,
    };
  },

  check: (context) => asAdmin(context, () => Promise.resolve()),

  async furnish(context) {
    const organisation = demoOrganisations.find((each) => each.accounts === 'directory')!;
    await asAdmin(context, async (client) => {
      for (const [dn, attributes] of directoryEntries(organisation, context.secrets.directoryReader)) {
        try {
          await client.add(dn, attributes);
        } catch (error) {
          // Already there from an earlier start, also from one that was interrupted half-way.
          if ((error as Error).name !== 'AlreadyExistsError') throw error;
        }
      }
    });
  },
};
