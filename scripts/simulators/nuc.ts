import { startNuc } from './nuc/server';
import { asProgram } from '../program';

export { startNuc, type Nuc, type NucOptions } from './nuc/server';

/** Runs the demonstration's certification authority until SIGTERM: nuc FOLDER PORT. */
async function main([dir, port]: string[]): Promise<void> {
  await startNuc({ source: { dir: dir! }, port: Number(port) });
}

asProgram(module, main);
