import { parseCertificate, type Certificate } from '../x509/certificate';
import { createTrustStore, type TrustStore } from '../x509/trust';

/** НЕГІЗГІ КУӘЛАНДЫРУШЫ ОРТАЛЫҚ (GOST) 2022, the root of Kazakhstan, 2022-06-15 to 2045-09-08. */
const ROOT_GOST_2022 = {
  sha256: 'af77725f8328bb24f89d81da3acdf7cee4324248538b7ba2cd2a860517fb9dca',
  base64:
    'MIIDZzCCAs+gAwIBAgIUE7AM+6linwo+thkqIVaiSGfQ870wDgYKKoMOAwoBAQIDAgUAMFoxSzBJBgNVBAMMQtCd0JXQk9CG0JfQk9CGINCa0KPTmNCb0JDQ' +
    'ndCU0KvQoNCj0KjQqyDQntCg0KLQkNCb0KvSmiAoR09TVCkgMjAyMjELMAkGA1UEBhMCS1owHhcNMjIwNjE1MDQ1NjEyWhcNNDUwOTA4MDQ1NjEyWjBaMUsw' +
    'SQYDVQQDDELQndCV0JPQhtCX0JPQhiDQmtCj05jQm9CQ0J3QlNCr0KDQo9Co0Ksg0J7QoNCi0JDQm9Cr0pogKEdPU1QpIDIwMjIxCzAJBgNVBAYTAktaMIGs' +
    'MCMGCSqDDgMKAQECAjAWBgoqgw4DCgEBAgIBBggqgw4DCgEDAwOBhAAEgYAuSERhggh2HxeTZwHE50y0564aZK+SHO7SaK63Gkl2NnjLXQn7uL490k0mh6AD' +
    'gLJmkXYXB0wT1DnPJ6M0/MHiiKfen1zNxgeUh6Vy4lJmOCr70zor5V091pMPHK8BSoukRqBz47o1bTcySqJ9uNNwIHvVjPnWfKhOlSDA9Jpu1KOCARkwggEV' +
    'MA8GA1UdEwEB/wQFMAMBAf8wDgYDVR0PAQH/BAQDAgEGMB0GA1UdDgQWBBQTsAz7qWKfCj62GSohVqJIZ9DzvTCBlwYDVR0jBIGPMIGMgBQTsAz7qWKfCj62' +
    'GSohVqJIZ9DzvaFepFwwWjFLMEkGA1UEAwxC0J3QldCT0IbQl9CT0IYg0JrQo9OY0JvQkNCd0JTQq9Cg0KPQqNCrINCe0KDQotCQ0JvQq9KaIChHT1NUKSAy' +
    'MDIyMQswCQYDVQQGEwJLWoIUE7AM+6linwo+thkqIVaiSGfQ870wOQYDVR0gBDIwMDAuBgYqgw4DAQIwJDAiBggrBgEFBQcCARYWaHR0cDovL3Jvb3QuZ292' +
    'Lmt6L2NwczAOBgoqgw4DCgEBAgMCBQADgYEANSuE/FHELteD9gTT+00+sq35WC3+5pjMBenc2fVakDdt+3g57JgtlRYs7hNvUgWAkmt4WgW9LCGpzgKpXkjr' +
    't6X0NhtFz/POqs94CwcyBkxx9+1YIvFgbKRBFRsh96KzMMxvaCRvLm2+JyKZnaNaTPY6fsndlr5IMJhk4H+Es9U=',
};

/** ҰЛТТЫҚ КУӘЛАНДЫРУШЫ ОРТАЛЫҚ (GOST) 2022, the issuing CA of NUC RK, 2022-06-15 to 2045-09-07. */
const NCA_GOST_2022 = {
  sha256: '32c7d233a42703a327f3025543a05b930e3f39a786c68dfa196baa86d5618524',
  base64:
    'MIID7DCCA1SgAwIBAgIUfjC+n8iQYz8f/1o8DLDIX0xtFwgwDgYKKoMOAwoBAQIDAgUAMFoxSzBJBgNVBAMMQtCd0JXQk9CG0JfQk9CGINCa0KPTmNCb0JDQ' +
    'ndCU0KvQoNCj0KjQqyDQntCg0KLQkNCb0KvSmiAoR09TVCkgMjAyMjELMAkGA1UEBhMCS1owHhcNMjIwNjE1MDUwMTA5WhcNNDUwOTA3MDUwMTA5WjBYMUkw' +
    'RwYDVQQDDEDSsNCb0KLQotCr0pog0JrQo9OY0JvQkNCd0JTQq9Cg0KPQqNCrINCe0KDQotCQ0JvQq9KaIChHT1NUKSAyMDIyMQswCQYDVQQGEwJLWjCBrDAj' +
    'Bgkqgw4DCgEBAgIwFgYKKoMOAwoBAQICAQYIKoMOAwoBAwMDgYQABIGAXhOhpypK0zVW7xjcNuKqNACHaxPscupUyeomLsj51+zS+uVEi81wBrxKZE/r2KUf' +
    '0lL+oaVnwIoY3WsMwJ30Iopn8ztjD5Mavm6HlJFP6dnPbrwF4i6vEHy3F5UvRBFQ3gsryVny4z3/1tsXd4q/7NuKwu61x7n/PZNcpTAmZ56jggGgMIIBnDAP' +
    'BgNVHRMBAf8EBTADAQH/MA4GA1UdDwEB/wQEAwIBBjA5BgNVHR8EMjAwMC6gLKAqhihodHRwOi8vY3JsLnJvb3QuZ292Lmt6L2dvc3QyMDE1XzIwMjIuY3Js' +
    'MB0GA1UdDgQWBBT+ML6fyJBjPx//WjwMsMhfTG0XCDCBlwYDVR0jBIGPMIGMgBQTsAz7qWKfCj62GSohVqJIZ9DzvaFepFwwWjFLMEkGA1UEAwxC0J3QldCT' +
    '0IbQl9CT0IYg0JrQo9OY0JvQkNCd0JTQq9Cg0KPQqNCrINCe0KDQotCQ0JvQq9KaIChHT1NUKSAyMDIyMQswCQYDVQQGEwJLWoIUE7AM+6linwo+thkqIVai' +
    'SGfQ870wSgYIKwYBBQUHAQEEPjA8MDoGCCsGAQUFBzAChi5odHRwOi8vcm9vdC5nb3Yua3ovY2VydC9yb290X2dvc3QyMDE1XzIwMjIuY2VyMDkGA1UdIAQy' +
    'MDAwLgYGKoMOAwMCMCQwIgYIKwYBBQUHAgEWFiBodHRwOi8vcGtpLmdvdi5rei9jcHMwDgYKKoMOAwoBAQIDAgUAA4GBABSeMgk5kefPPbO6lVDhKqXhDoio' +
    '4HNTt5nmwJ4iWmzh1mgt54mGnLsO5P2BkGJPmxnxbxP4bxQp17mVzSpyz2rK4z3D+4HHXSgRFpz9wv0aebVRltuQEgHFb5dBNw5GzzIprZd6DJhqw0iwja68' +
    'yPsDTJK5Amt/yzcKO51Cds4C',
};

let store: TrustStore | undefined;

/** The production hierarchy of NUC RK: the root as anchor, the issuing CA to reach it, both pinned by SHA-256. */
export function productionTrust(): TrustStore {
  return (store ??= createTrustStore([pinned(ROOT_GOST_2022)], [pinned(NCA_GOST_2022)]));
}

function pinned({ sha256, base64 }: { sha256: string; base64: string }): Certificate {
  const certificate = parseCertificate(Uint8Array.from(Buffer.from(base64, 'base64')));
  if (certificate.fingerprint !== sha256) throw new Error('A bundled trust anchor does not have its pinned fingerprint');
  return certificate;
}
