import { describeProblem, fetchList, openPki } from '../integrations/pki/pki';
import { PkiUnavailable } from '../integrations/pki/transport';
import { type Config, readConfig } from '../services/config';
import { loadTrust } from '../services/signing/check-signature';
import { loadPolicy } from '../services/signing/policy';
import {
  buildChain,
  digest,
  parseSignedData,
  policyFor,
  PURPOSES,
  readCrlFile,
  sentenceOf,
  SignatureFormatError,
  type TrustStore,
  verifyTimeStampToken,
} from '../signature';

type Line = { service: string; address: string; ok: boolean; text: string };

/** Asks every outside service signatures depend on for something harmless and says what came back. Exit 0 when all of them help. */
export async function runPkiCheck(): Promise<number> {
  const config = readConfig(process.env);
  const trust = loadTrust(config.trustFiles);
  const lines = [...(await askForStamp(config, trust)), ...(await Promise.all(config.pki.crlUrls.map((url) => askForList(url, config))))];
  for (const { service, address, ok, text } of lines)
    console.log(`${ok ? 'ok  ' : 'FAIL'} ${service.padEnd(5)} ${address}\n           ${text}`);
  const installation = loadPolicy(config.policyFile);
  console.log(`policy: ${config.policyFile ?? 'as the law has it'}`);
  for (const purpose of PURPOSES) {
    const { requireRevocation, requireTimeStamp } = policyFor(purpose, installation);
    console.log(
      `  ${purpose.padEnd(9)} revocation: ${requireRevocation}; time-stamp: ${requireTimeStamp ? 'required' : 'added when missing'}`,
    );
  }
  return lines.every((line) => line.ok) ? 0 : 1;
}

/** A time-stamp over nothing in particular; the responders are then asked about the certificate that made it. */
async function askForStamp(config: Config, trust: TrustStore): Promise<Line[]> {
  const pki = openPki(config.pki, () => new Date());
  const octets = Buffer.from('kense pki check');
  const answer = await pki.timeStamp({ algorithm: 'streebog512', imprint: digest('streebog512', octets) });
  const address = config.pki.tspUrl ?? '(KENSE_TSP_URL is empty)';
  if (!answer.ok) return [{ service: 'TSP', address, ok: false, text: describeProblem(answer.problem) }];
  const stamp = verifyTimeStampToken(answer.token, octets, { at: new Date(), trust, policy: policyFor('sign') });
  const ok = stamp.code === 'ok';
  const text = ok ? `stamped ${stamp.time} by ${stamp.tsa}, until ${stamp.provesUntil}` : `${sentenceOf(stamp.code)} ${stamp.detail}`;
  const lines: Line[] = [{ service: 'TSP', address, ok, text }];
  const { certificates } = parseSignedData(answer.token);
  const [certificate, issuer] = certificates[0] ? buildChain(certificates[0], trust, certificates, new Date()).path : [];
  if (!certificate || !issuer) return lines;
  for (const url of config.pki.ocspUrls) {
    const one = openPki({ ...config.pki, ocspUrls: [url] }, () => new Date());
    const { problems } = await one.statuses([{ certificate, issuer }]);
    const [problem] = problems;
    lines.push({
      service: 'OCSP',
      address: url,
      ok: !problem,
      text: problem ? describeProblem(problem) : 'answers, and its answer can be trusted',
    });
  }
  return lines;
}

async function askForList(url: string, { pki }: Config): Promise<Line> {
  try {
    const crl = readCrlFile(await fetchList(url, pki));
    const until = crl.nextUpdate?.toISOString() ?? 'nobody knows when';
    const isFresh = !crl.nextUpdate || crl.nextUpdate > new Date();
    return {
      service: 'CRL',
      address: url,
      ok: isFresh,
      text: `of ${crl.thisUpdate.toISOString()}, ${isFresh ? 'good until' : 'OVER since'} ${until}`,
    };
  } catch (error) {
    if (!(error instanceof PkiUnavailable || error instanceof SignatureFormatError)) throw error;
    return { service: 'CRL', address: url, ok: false, text: error.message };
  }
}
