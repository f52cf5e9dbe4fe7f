import { startNuc } from './nuc/server';

export { startNuc, type Nuc, type NucOptions } from './nuc/server';

/** Runs the demonstration's certification authority until SIGTERM: nuc FOLDER PORT. */
export async function main([dir, port]: string[]): Promise<void> {
  await startNuc({ source: { dir: dir! }, port: Number(port) });
  process.on('SIGTERM', () => process.exit(0));
}

if (require.main === module) {
  main(process.argv.slice(2)).catch((error: Error) => {
    console.error(error.message);
    process.exit(1);
  });
}
