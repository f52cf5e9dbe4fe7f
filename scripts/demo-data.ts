import data from './demo-organisations.json';

export type DemoRole = 'owner' | 'admin' | 'employee' | 'user';
/** Which of the national centre's certificate kinds a person holds for the organisation, beside a personal one. */
export type DemoCertificate = 'first-head' | 'right-to-sign' | 'finance' | 'human-resources' | 'employee';

/** An invented person of the demo; numbers have right check digits. */
export interface DemoPerson {
  login: string;
  password: string;
  iin: string;
  lastName: string;
  firstName: string;
  middleName: string;
  email: string;
  position: string;
  unit: string;
  role: DemoRole;
  certificate: DemoCertificate;
}

export interface DemoOrganisation {
  bin: string;
  name: string;
  nameKk: string;
  nameEn: string;
  /** Where its people sign in: the LDAP directory, or accounts of the installation itself. */
  accounts: 'directory' | 'local';
  domain: string;
  people: DemoPerson[];
}

export const demoOrganisations = data.organisations as DemoOrganisation[];

/** Surname, given name and patronymic as an official paper writes them. */
export const fullNameOf = (person: DemoPerson): string => `${person.lastName} ${person.firstName} ${person.middleName}`;
