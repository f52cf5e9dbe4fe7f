import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Attribute, Change, Client } from 'ldapts';
import { serverEnv, servers } from './servers';

export type DirectoryUser = { uid: string; name: string; iin: string; group: string | null };
export const directoryPassword = 'Directory-pass-9';

/** A tree of its own in the run's directory, so that a test may remove people from it. */
export class TestDirectory {
  private readonly name = `test-${randomBytes(5).toString('hex')}`;
  private constructor(private readonly client: Client) {}

  static async make(groups: readonly string[]): Promise<TestDirectory> {
    const env = serverEnv();
    const client = new Client({ url: env.KENSE_LDAP_URL ?? '', tlsOptions: { ca: [readFileSync(env.KENSE_LDAP_CA_FILE ?? '')] } });
    const { dn, password } = servers().directoryAdmin;
    await client.bind(dn, password);
    const directory = new TestDirectory(client);
    await client.add(directory.baseDn, { objectClass: 'organizationalUnit', ou: directory.name });
    for (const group of groups)
      await client.add(directory.groupDn(group), { objectClass: 'groupOfNames', cn: group, member: directory.baseDn });
    return directory;
  }

  get baseDn(): string {
    return `ou=${this.name},${serverEnv().KENSE_LDAP_BASE_DN ?? ''}`;
  }
  groupDn = (group: string): string => `cn=${group},${this.baseDn}`;
  personDn = (uid: string): string => `uid=${uid},${this.baseDn}`;

  async add({ uid, name, iin, group }: DirectoryUser): Promise<void> {
    await this.client.add(this.personDn(uid), {
      objectClass: 'inetOrgPerson',
      uid,
      cn: name,
      sn: name,
      displayName: name,
      employeeNumber: iin,
      mail: `${uid}@directory.kz`,
      userPassword: directoryPassword,
    });
    if (group) await this.change(this.groupDn(group), 'add', 'member', this.personDn(uid));
  }
  remove = (uid: string): Promise<void> => this.client.del(this.personDn(uid));
  leave = (uid: string, group: string): Promise<void> => this.change(this.groupDn(group), 'delete', 'member', this.personDn(uid));
  join = (uid: string, group: string): Promise<void> => this.change(this.groupDn(group), 'add', 'member', this.personDn(uid));
  close = (): Promise<void> => this.client.unbind();

  private change(dn: string, operation: 'add' | 'delete' | 'replace', type: string, value: string): Promise<void> {
    return this.client.modify(dn, new Change({ operation, modification: new Attribute({ type, values: [value] }) }));
  }
}
