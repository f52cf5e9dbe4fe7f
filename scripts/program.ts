import type http from 'node:http';

/** Makes a file a program: when it is the one that was started, `work` gets the words after its name; SIGTERM ends it, an error is one line. */
export function asProgram(file: NodeJS.Module, work: (words: string[]) => Promise<void>): void {
  if (require.main !== file) return;
  process.on('SIGTERM', () => process.exit(0));
  work(process.argv.slice(2)).catch((error: Error) => {
    console.error(error.message);
    process.exit(1);
  });
}

/** Listens to this machine alone; rejects when the port is taken. */
export function listenLocally(server: http.Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
}
