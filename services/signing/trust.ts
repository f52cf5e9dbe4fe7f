import type { TrustStore } from '../../signature';
import { type Config, ConfigError } from '../config';
import { loadTrust } from './check-signature';

/** Names of authorities whose keys are public: the demo's own and the national authority's test ones. */
const forDemos = /KENSE DEMO/;
const forTests = /\bTEST\b/;

/**
 * Reads the pinned certificates at start. Refuses what would make every stranger a valid signer: the demo's authority outside a demo, a
 * test authority outside of tests and demos. Throws `ConfigError`, also when a file cannot be read.
 */
export function checkedTrust(config: Pick<Config, 'trustFiles' | 'demo' | 'isStrict'>): TrustStore {
  let trust: TrustStore;
  try {
    trust = loadTrust(config.trustFiles);
  } catch (error) {
    throw new ConfigError([`KENSE_TRUST_FILES: ${(error as Error).message}`]);
  }
  const names = [...trust.anchors, ...trust.intermediates].map((c) => c.person.name ?? '');
  const demo = config.demo ? undefined : names.find((name) => forDemos.test(name));
  const test = config.isStrict ? names.find((name) => forTests.test(name)) : undefined;
  if (demo)
    throw new ConfigError([`KENSE_TRUST_FILES: ${demo} is the demo's authority; its keys are public and are refused outside a demo`]);
  if (test)
    throw new ConfigError([`KENSE_TRUST_FILES: ${test} is a test authority; its keys are public and are refused without KENSE_TEST=1`]);
  return trust;
}
