import path from 'node:path';
import { type DemoPerson, demoOrganisations, fullNameOf } from '../../scripts/demo-data';
import { organisationRoles } from '../../domain/people/roles';
import { mappingSetting } from '../../storage/queries/directory';
import { saveSetting } from '../../storage/queries/settings';
import { TestApplication } from './application';
import { serverEnv } from './servers';

/** The demonstration's authority: PEM file of its certificates, keyring of its people's keys. */
export const demoTrustFile = (): string => serverEnv()['KENSE_TRUST_FILES'] ?? '';
export const demoKeyringFile = (): string => path.join(path.dirname(demoTrustFile()), 'keyring.json');

/** A person of the directory or of the partner, by login. */
export function demoPerson(login: string): DemoPerson & { fullName: string } {
  const person = demoOrganisations.flatMap((organisation) => organisation.people).find((each) => each.login === login);
  if (!person) throw new Error(`the demonstration has no ${login}`);
  return { ...person, fullName: fullNameOf(person) };
}

/** Kense as the demonstration runs it: people from the directory, their keys in NCALayer, trust in their authority. */
export async function startDemoApplication(env: Record<string, string> = {}, options: { worker?: boolean } = {}): Promise<TestApplication> {
  const { KENSE_NCALAYER_URL, KENSE_NCALAYER_WINDOW_URL, KENSE_OCSP_URLS, KENSE_TSP_URL, KENSE_CRL_URLS } = serverEnv();
  const app = await TestApplication.start({
    ...options,
    env: {
      KENSE_DEMO: '1',
      KENSE_TRUST_FILES: demoTrustFile(),
      KENSE_NCALAYER_URL: KENSE_NCALAYER_URL ?? '',
      KENSE_NCALAYER_WINDOW_URL: KENSE_NCALAYER_WINDOW_URL ?? '',
      KENSE_OCSP_URLS: KENSE_OCSP_URLS ?? '',
      KENSE_TSP_URL: KENSE_TSP_URL ?? '',
      KENSE_CRL_URLS: KENSE_CRL_URLS ?? '',
      ...env,
    },
  });
  const mapping = organisationRoles.map((role) => ({ group: `kense-${role}s`, role }));
  await app.deps.inTx((tx) => saveSetting(tx, app.ours.id, mappingSetting, mapping, app.deps.now()));
  return app;
}
