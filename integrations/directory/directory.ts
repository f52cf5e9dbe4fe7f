import { readFileSync } from 'node:fs';
import { Client, EqualityFilter, InvalidCredentialsError, OrFilter, PresenceFilter, type Entry } from 'ldapts';
import { normalLogin } from '../../domain/people/logins';

export type DirectoryOptions = {
  url: string;
  startTls: boolean;
  caFile: string | null;
  bindDn: string;
  bindPassword: string;
  baseDn: string;
  loginAttribute: string;
  iinAttribute: string;
  positionAttribute: string;
};

/** What the directory says of one person; `groups` are distinguished names, lower case. */
export type DirectoryPerson = {
  id: string;
  dn: string;
  login: string;
  name: string;
  email: string | null;
  iin: string | null;
  position: string;
  groups: string[];
  disabled: boolean;
};
export type DirectoryCheck = { ok: true; person: DirectoryPerson } | { ok: false; reason: 'wrong' | 'down' };
export type Directory = {
  /** Whether this login and password belong together. An unknown login and a wrong password are the same answer. */
  authenticate(login: string, password: string): Promise<DirectoryCheck>;
  /** What the directory says of a login today, without a password; null when it holds nobody of that name. Rejects when it cannot be asked. */
  find(login: string): Promise<DirectoryPerson | null>;
  /** Everybody the directory holds; rejects when there are more than `limit`, so that a part is never taken for the whole. */
  people(limit: number): Promise<DirectoryPerson[]>;
  ping(): Promise<void>;
};

const timeoutMs = 5_000;
/** Active Directory's bit "account disabled" in userAccountControl. */
const accountDisabled = 2;

const first = (entry: Entry, name: string): string => {
  const value = entry[name];
  const one = Array.isArray(value) ? value[0] : value;
  return one === undefined ? '' : Buffer.isBuffer(one) ? one.toString('utf8') : String(one);
};
/** Active Directory's objectGUID is sixteen bytes and no text. */
const guidOf = (entry: Entry): string => {
  const value = entry['objectGUID'];
  const one = Array.isArray(value) ? value[0] : value;
  return Buffer.isBuffer(one) ? one.toString('hex') : '';
};
const all = (entry: Entry, name: string): string[] => {
  const value = entry[name];
  if (value === undefined) return [];
  return (Array.isArray(value) ? value : [value]).map((v) => (Buffer.isBuffer(v) ? v.toString('utf8') : String(v)));
};

/** Signs people in against LDAP: search with the service account, then bind as the person found. Always over TLS with the site's CA. */
export function openDirectory(options: DirectoryOptions): Directory {
  const tlsOptions = { minVersion: 'TLSv1.2' as const, ...(options.caFile ? { ca: [readFileSync(options.caFile)] } : {}) };
  const attributes = [
    options.loginAttribute,
    'cn',
    'displayName',
    'mail',
    'memberOf',
    'entryUUID',
    'objectGUID',
    'userAccountControl',
    'pwdAccountLockedTime',
    options.iinAttribute,
    options.positionAttribute,
  ];

  const connected = async <T>(work: (client: Client) => Promise<T>): Promise<T> => {
    const client = new Client({
      url: options.url,
      timeout: timeoutMs,
      connectTimeout: timeoutMs,
      ...(options.url.startsWith('ldaps:') ? { tlsOptions } : {}),
    });
    try {
      if (options.startTls) await client.startTLS(tlsOptions);
      return await work(client);
    } finally {
      await client.unbind().catch(() => undefined);
    }
  };
  const bindAsService = async (client: Client): Promise<void> => {
    if (!options.bindDn) return;
    // Wrapped, so that the service account's refusal is never taken for the person's wrong password.
    await client
      .bind(options.bindDn, options.bindPassword)
      .catch((cause: unknown) => Promise.reject(new Error('the service account was refused', { cause })));
  };

  const toPerson = (entry: Entry, groups: readonly string[]): DirectoryPerson => {
    const iin = first(entry, options.iinAttribute);
    return {
      id: first(entry, 'entryUUID') || guidOf(entry) || entry.dn,
      dn: entry.dn,
      login: first(entry, options.loginAttribute),
      name: first(entry, 'displayName') || first(entry, 'cn'),
      email: first(entry, 'mail') || null,
      iin: /^\d{12}$/.test(iin) ? iin : null,
      position: first(entry, options.positionAttribute),
      groups: groups.map((dn) => dn.toLowerCase()),
      disabled: (Number(first(entry, 'userAccountControl') || 0) & accountDisabled) !== 0 || first(entry, 'pwdAccountLockedTime') !== '',
    };
  };

  /** The one entry of a login, spelt in the same normal form: a directory that folds accents must not take one person for another. */
  const entryOf = async (client: Client, login: string): Promise<Entry | null> => {
    const filter = new EqualityFilter({ attribute: options.loginAttribute, value: login });
    const { searchEntries } = await client.search(options.baseDn, {
      scope: 'sub',
      filter,
      attributes,
      explicitBufferAttributes: ['objectGUID'],
      sizeLimit: 2,
    });
    const [entry, second] = searchEntries;
    return entry && !second && normalLogin(first(entry, options.loginAttribute)) === normalLogin(login) ? entry : null;
  };
  const personIn = async (client: Client, entry: Entry): Promise<DirectoryPerson> => {
    const listed = all(entry, 'memberOf');
    return toPerson(entry, listed.length > 0 ? listed : await groupsOf(client, options.baseDn, entry.dn));
  };

  return {
    async authenticate(login, password) {
      if (normalLogin(login) === null || password === '') return { ok: false, reason: 'wrong' }; // an empty password would bind anonymously and "succeed"
      try {
        return await connected(async (client): Promise<DirectoryCheck> => {
          await bindAsService(client);
          const entry = await entryOf(client, login);
          if (!entry) return { ok: false, reason: 'wrong' };
          const person = await personIn(client, entry);
          await client.bind(entry.dn, password);
          return person.disabled ? { ok: false, reason: 'wrong' } : { ok: true, person };
        });
      } catch (error) {
        return { ok: false, reason: error instanceof InvalidCredentialsError ? 'wrong' : 'down' };
      }
    },
    find: (login) =>
      connected(async (client) => {
        await bindAsService(client);
        const entry = normalLogin(login) === null ? null : await entryOf(client, login);
        return entry && personIn(client, entry);
      }),
    people: (limit) =>
      connected(async (client) => {
        await bindAsService(client);
        const { searchEntries } = await client.search(options.baseDn, {
          scope: 'sub',
          filter: `(&(objectClass=person)(${options.loginAttribute}=*))`,
          attributes,
          explicitBufferAttributes: ['objectGUID'],
          sizeLimit: limit,
          paged: { pageSize: 500 },
        });
        const isListed = searchEntries.some((entry) => all(entry, 'memberOf').length > 0);
        const groups = isListed ? null : await allGroups(client, options.baseDn);
        return searchEntries.map((entry) => toPerson(entry, groups ? (groups.get(entry.dn.toLowerCase()) ?? []) : all(entry, 'memberOf')));
      }),
    ping: () => connected(bindAsService),
  };
}

async function groupsOf(client: Client, baseDn: string, dn: string): Promise<string[]> {
  const { searchEntries } = await client.search(baseDn, {
    scope: 'sub',
    filter: new OrFilter({ filters: ['member', 'uniqueMember'].map((attribute) => new EqualityFilter({ attribute, value: dn })) }),
    attributes: ['dn'],
    sizeLimit: 500,
  });
  return searchEntries.map((e) => e.dn);
}

/** Every person's groups, by lower-case distinguished name, read from the groups themselves: for directories without memberOf. */
async function allGroups(client: Client, baseDn: string): Promise<Map<string, string[]>> {
  const { searchEntries } = await client.search(baseDn, {
    scope: 'sub',
    filter: new OrFilter({ filters: ['member', 'uniqueMember'].map((attribute) => new PresenceFilter({ attribute })) }),
    attributes: ['member', 'uniqueMember'],
    paged: { pageSize: 500 },
  });
  const groups = new Map<string, string[]>();
  for (const entry of searchEntries) {
    for (const member of [...all(entry, 'member'), ...all(entry, 'uniqueMember')]) {
      const key = member.toLowerCase();
      groups.set(key, [...(groups.get(key) ?? []), entry.dn]);
    }
  }
  return groups;
}
