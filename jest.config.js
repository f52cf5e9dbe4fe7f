'use strict';

// Packages that ship only as ES modules: jest 30 on Node 20 has to compile them like our own files.
const esmPackages = [
  'archiver',
  'zip-stream',
  'compress-commons',
  'crc32-stream',
  'is-stream',
  'readdir-glob',
  'pdfjs-dist',
  'parse5',
  'entities',
  'strnum',
  'anynum',
  '@nodable',
  'xml-naming',
  'node-readable-to-web-readable-stream',
];

const common = (name) => ({
  displayName: name,
  rootDir: __dirname,
  testEnvironment: 'node',
  testMatch: [`<rootDir>/test/${name}/**/*.test.ts`],
  moduleFileExtensions: ['ts', 'js', 'mjs', 'cjs', 'json', 'node'],
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/.kense/'],
  transform: { '\\.(ts|m?js)$': '@swc/jest' },
  transformIgnorePatterns: [`/node_modules/(?!(${esmPackages.join('|')})/)`],
  setupFilesAfterEnv: ['<rootDir>/test/support/timeouts.ts'],
});

const withTools = (name) => ({ ...common(name), globalSetup: '<rootDir>/test/support/tools-setup.ts' });
const withServers = (name) => ({
  ...common(name),
  globalSetup: '<rootDir>/test/support/servers-setup.ts',
  globalTeardown: '<rootDir>/test/support/servers-teardown.ts',
});

module.exports = {
  projects: [
    common('unit'),
    withTools('signature'),
    common('replay'),
    withServers('workflows'),
    withServers('integration'),
    withServers('web'),
    withServers('security'),
    withServers('browser'),
  ],
  maxWorkers: 2,
  reporters: ['default', '<rootDir>/test/support/closing-line.js'],
  // Temporal's native part keeps a handle open after every connection is closed; each file closes what it opened, then the run ends.
  forceExit: true,
  openHandlesTimeout: 0,
};
