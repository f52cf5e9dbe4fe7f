'use strict';
// Checks of signatures as a test wants them: the first byte says what the check does, the second how often it waits first.
const { serveChecks } = require('../../../dist/services/signing/checker-frame');

const waits = () => new Promise((resolve) => setImmediate(resolve));

serveChecks(() => async ({ signature }) => {
  for (let i = 0; i < (signature[1] ?? 0); i++) await waits();
  if (signature[0] === 1) for (;;); // computes for ever
  if (signature[0] === 2) process.exit(1); // takes its thread along, without a word on who it was
  if (signature[0] === 3) await new Promise((resolve) => setTimeout(resolve, 100)); // waits for a responder
  return { ok: true, report: { signers: [] }, der: signature, isUnanswered: false };
});
