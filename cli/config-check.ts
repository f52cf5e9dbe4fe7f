import { readConfig } from '../services/config';
import { checkNamedFiles, describeSettings, findWarnings } from '../services/config-check';
import { checkPhone, describeChecks } from '../services/phone/preflight';

/**
 * Prints every setting without its secrets, then what is likely a mistake and whether phones can reach this installation. Everything the
 * start refuses is refused here too, with the same words.
 */
export async function runConfigCheck(): Promise<number> {
  for (const line of describeSettings(process.env)) console.log(line);
  const config = readConfig(process.env);
  checkNamedFiles(config);
  for (const warning of findWarnings(config)) console.log(`warning: ${warning}`);
  for (const line of config.phone ? describeChecks(await checkPhone(config.phone)) : []) console.log(line);
  console.log('settings are usable');
  return 0;
}
