import { checkSignature } from './check-signature';
import { openCheckTools } from './check-tools';
import { serveChecks } from './checker-frame';

// Runs beside the web process, so that curve arithmetic never holds up a page.
serveChecks((settings) => {
  const tools = openCheckTools(settings);
  return (request) => checkSignature(request, tools);
});
