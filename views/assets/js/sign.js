// The signing dialog: finds NCALayer, shows how to mend its absence, lets the person choose a key, sends the signature.
// Words are in the page already: each state shows the blocks marked with its name (data-sign-when).
import { NcaLayer, NcaLayerError, toBase64 } from './ncalayer.js';
import { say } from './say.js';
import { ShownError } from './shown-error.js';
import { rememberStorage } from './storage.js';

const maxBytes = 100 * 1024 * 1024;
const lookAgainMs = 3_000;
const errorStates = { cancelled: 'cancelled', closed: 'closed', module: 'module', failed: 'refused-by-layer', busy: 'refused-by-layer' };

export function start(root) {
  const layer = new NcaLayer({ url: root.dataset.ncalayerUrl });
  const signButton = root.querySelector('[data-sign-do="sign"]');
  const retryButton = root.querySelector('[data-sign-do="retry"]');
  const storage = rememberStorage(root);
  let lookTimer = null;

  const isGone = () => !root.isConnected;
  const show = (state, detail = '') => {
    if (isGone()) return;
    root.dataset.state = state;
    for (const block of root.querySelectorAll('[data-sign-when]')) block.hidden = block.dataset.signWhen !== state;
    for (const facts of root.querySelectorAll('[data-sign-facts]')) facts.hidden = state === 'missing';
    const isBusy = ['looking', 'preparing', 'waiting', 'sending'].includes(state);
    const isDone = state === 'answer' && root.querySelector('[data-signed]') !== null;
    // A refused signature can be made again with another key; one whose outcome is still open is waited for.
    const isOpen = state === 'answer' && root.querySelector('[data-refused]') === null;
    signButton.disabled = isBusy || state === 'missing' || isOpen;
    signButton.hidden = state === 'missing' || isOpen;
    signButton.setAttribute('aria-busy', String(isBusy && state !== 'looking'));
    retryButton.hidden = state !== 'missing';
    root.querySelector('[data-sign-leave]').hidden = isDone;
    root.querySelector('[data-sign-done]').hidden = !isDone;
    const shown = root.querySelector(`[data-sign-when="${state}"]`);
    const out = shown?.querySelector('[data-sign-detail]');
    if (out) {
      out.textContent = detail;
      out.hidden = detail === '';
    }
    if (isDone) root.querySelector('[data-sign-done]').focus();
    else if (!isBusy && state !== 'missing' && document.activeElement === document.body) signButton.focus();
  };

  const look = async ({ isQuiet = false } = {}) => {
    clearTimeout(lookTimer);
    if (!isQuiet) show('looking');
    try {
      const version = await layer.connect();
      const product = await layer.product();
      if (isGone()) return layer.close();
      const shownVersion = root.querySelector('[data-sign-version]');
      shownVersion.textContent = product || version;
      shownVersion.parentElement.hidden = version === '';
      show('ready');
    } catch {
      if (isGone()) return undefined;
      if (!isQuiet) openHelp(root);
      show('missing');
      lookTimer = setTimeout(() => (isGone() || root.dataset.state !== 'missing' ? undefined : look({ isQuiet: true })), lookAgainMs);
    }
    return undefined;
  };
  layer.onclose = () => {
    if (root.dataset.state === 'ready') void look();
  };

  const sign = async () => {
    const { simulatorUrl } = root.dataset;
    if (simulatorUrl) window.open(simulatorUrl, 'kense-keys', 'popup,width=480,height=640');
    try {
      if (!layer.isOpen) await layer.connect();
      show('preparing');
      const session = await fetchSession(root.dataset.sessionUrl);
      const bytes = await fetchDocument(session);
      show('waiting');
      const cms = await layer.sign({
        base64: toBase64(bytes),
        extKeyUsageOids: session.extKeyUsageOids,
        iin: session.iin,
        bin: session.bin,
        chain: session.chain,
        wantsTimestamp: session.wantsTimestamp,
        storage: storage(),
        locale: root.dataset.lang,
      });
      if (isGone()) return;
      show('sending');
      await send(root, cms);
      show('answer');
      if (root.querySelector('[data-signed]')) document.body.dispatchEvent(new CustomEvent('route-changed'));
      say(root.querySelector('[data-sign-answer]').textContent.trim());
    } catch (error) {
      if (error instanceof NcaLayerError && error.code === 'missing') return void look();
      if (error instanceof NcaLayerError) show(`error-${errorStates[error.code]}`, error.detail);
      else if (error instanceof ShownError) show(`error-${error.state}`, error.detail);
      else show('error-session', error.message);
    }
  };

  signButton.addEventListener('click', () => void sign());
  retryButton.addEventListener('click', () => void look());
  // A dialog that closes takes the connection with it.
  new MutationObserver((_changes, observer) => {
    if (!isGone()) return;
    observer.disconnect();
    clearTimeout(lookTimer);
    layer.close();
  }).observe(document.body, { childList: true, subtree: true });
  void look();
}

async function fetchSession(url) {
  const answer = await fetch(url, { headers: { Accept: 'application/json' } });
  if (!answer.ok) throw new ShownError('session', answer.headers.get('X-Request-Id') ?? '');
  return answer.json();
}

// What is signed must be what the server froze: its SHA-256 is compared before NCALayer sees the bytes.
async function fetchDocument(session) {
  if (session.sizeBytes > maxBytes) throw new ShownError('too-big');
  const answer = await fetch(session.documentUrl);
  if (!answer.ok) throw new ShownError('no-document');
  const bytes = new Uint8Array(await answer.arrayBuffer());
  if (globalThis.crypto?.subtle) {
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
    const hex = [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('');
    if (hex !== session.digestSha256.toLowerCase()) throw new ShownError('changed');
  }
  return bytes;
}

async function send(root, cms) {
  const body = new URLSearchParams({ _csrf: root.dataset.csrf, command: root.dataset.command, cms });
  let answer;
  try {
    answer = await fetch(root.dataset.postUrl, { method: 'POST', headers: { 'HX-Request': 'true', Accept: 'text/html' }, body });
  } catch {
    throw new ShownError('no-answer');
  }
  const redirect = answer.headers.get('HX-Redirect');
  if (redirect) window.location.assign(redirect);
  const out = root.querySelector('[data-sign-answer]');
  out.innerHTML = await answer.text();
  globalThis.htmx?.process(out);
}

// The steps for this computer stand open; the others are one click away.
function openHelp(root) {
  const platform = `${navigator.userAgentData?.platform ?? ''} ${navigator.userAgent}`.toLowerCase();
  const os = platform.includes('mac') ? 'macos' : platform.includes('linux') && !platform.includes('android') ? 'linux' : 'windows';
  for (const help of root.querySelectorAll('details[data-os]')) help.open = help.dataset.os === os;
}
