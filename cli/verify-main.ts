import { runVerify } from './verify';

// The whole program of dist/kense-verify.cjs: the command `kense verify` without an installation.
void runVerify(process.argv.slice(2), { stdout: process.stdout, stderr: process.stderr, now: () => new Date() }).then(
  (code) => (process.exitCode = code),
);
