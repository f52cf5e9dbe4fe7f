'use strict';
const fs = require('node:fs');

/** Closes a run with one line of counts, after the names of what was skipped: a reason stands in each name. */
module.exports = class ClosingLine {
  onRunComplete(_contexts, results) {
    const skipped = results.testResults.flatMap((file) =>
      file.testResults.filter((test) => ['pending', 'todo', 'disabled'].includes(test.status)),
    );
    for (const test of skipped) process.stdout.write(`skipped: ${test.fullName}\n`);
    const counts = {
      passed: results.numPassedTests,
      // A file that could not run at all has no failed test of its own.
      failed: results.numFailedTests + results.numRuntimeErrorTestSuites,
      skipped: skipped.length,
    };
    const file = process.env.KENSE_TEST_RESULT;
    if (file) fs.writeFileSync(file, JSON.stringify(counts));
    // After jest's own summary and its last words; by then the stream itself takes nothing more.
    else
      process.once('exit', () =>
        fs.writeSync(1, `${counts.passed} passed, ${counts.failed} failed${counts.skipped ? `, ${counts.skipped} skipped` : ''}\n`),
      );
  }
};
