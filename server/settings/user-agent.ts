const browsers: readonly [RegExp, string][] = [
  [/Edg\/(\d+)/, 'Edge'],
  [/OPR\/(\d+)/, 'Opera'],
  [/YaBrowser\/(\d+)/, 'Яндекс Браузер'],
  [/Firefox\/(\d+)/, 'Firefox'],
  [/Chrome\/(\d+)/, 'Chrome'],
  [/Version\/(\d+).*Safari/, 'Safari'],
];
const systems: readonly [RegExp, string][] = [
  [/Windows NT/, 'Windows'],
  [/Android/, 'Android'],
  [/iPhone|iPad/, 'iOS'],
  [/Mac OS X/, 'macOS'],
  [/Linux/, 'Linux'],
];

/** Browser and system in words people recognise; what a program says of itself is only a hint. */
export function describeAgent(userAgent: string): { browser: string; system: string } {
  const browser = browsers.map(([pattern, name]) => ({ name, version: pattern.exec(userAgent)?.[1] })).find((b) => b.version);
  const system = systems.find(([pattern]) => pattern.test(userAgent))?.[1] ?? '—';
  return { browser: browser ? `${browser.name} ${browser.version}` : userAgent.split(' ')[0]?.slice(0, 40) || '—', system };
}
