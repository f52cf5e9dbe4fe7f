import { readFileSync } from 'node:fs';
import { type InstallationPolicy, PolicyError, readPolicy } from '../../signature';
import { ConfigError } from '../config';

/** What this installation changes about the policies of checking; throws ConfigError naming every mistake in the file. */
export function loadPolicy(file: string | null): InstallationPolicy {
  if (file === null) return {};
  const refuse = (problems: readonly string[]): never => {
    throw new ConfigError(problems.map((problem) => `KENSE_POLICY_FILE (${file}): ${problem}`));
  };
  try {
    return readPolicy(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    if (error instanceof PolicyError) return refuse(error.problems);
    return refuse([(error as Error).message]);
  }
}
