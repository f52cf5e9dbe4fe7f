import { fail } from './launcher/command';
import { PlainFailure } from './launcher/failure';

const benches = {
  routes: () => import('../bench/routes.js'),
  idle: () => import('../bench/idle.js'),
  signatures: () => import('../bench/signatures.js'),
  hostile: () => import('../bench/hostile.js'),
};

const isBench = (name: string | undefined): name is keyof typeof benches => name !== undefined && name in benches;

/** Runs the bench named first; the rest of the arguments are its own. */
export async function main([name, ...rest]: string[]): Promise<void> {
  try {
    const unknown = rest.find((arg) => arg !== '--small');
    if (!isBench(name) || unknown) throw new PlainFailure(`Usage: npm run bench -- ${Object.keys(benches).join('|')} [--small]`);
    await (await benches[name]()).main(rest);
    process.exit(0);
  } catch (error) {
    fail(error, null);
  }
}
