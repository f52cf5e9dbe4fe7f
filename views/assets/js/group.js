// Signing a group: one call of NCALayer after another until every document has its signature. The server knows what is signed and hands
// out the next documents, so a closed tab, a lost socket or a crash costs at most the call under way.
// Words are in the page already: each state shows the blocks marked with its name (data-group-when).
import { NcaLayer, NcaLayerError, toBase64 } from './ncalayer.js';
import { say } from './say.js';
import { ShownError } from './shown-error.js';
import { rememberStorage } from './storage.js';

const lookAgainMs = 3_000;
const reconnectEveryMs = 1_500;
const reconnectForMs = 90_000;
const readAtATime = 4;
const singlesAtATime = 20;
const busyStates = ['looking', 'preparing', 'waiting', 'sending', 'reconnecting'];
const layerErrors = { cancelled: 'cancelled', closed: 'closed', module: 'module', failed: 'layer', busy: 'layer' };

export function start(root) {
  const { base, id } = root.dataset;
  const goKey = `kense-group-${id}`;
  const layer = new NcaLayer({ url: root.dataset.ncalayerUrl });
  const storage = rememberStorage(root);
  const button = (act) => root.querySelector(`[data-group-do="${act}"]`);
  const [signButton, retryButton, pauseButton] = [button('sign'), button('retry'), button('pause')];
  let lookTimer = null;
  let isPausing = false;
  let isRunning = false;

  const show = (state, detail = '') => {
    root.dataset.state = state;
    for (const block of root.querySelectorAll('[data-group-when]')) block.hidden = block.dataset.groupWhen !== state;
    const isBusy = busyStates.includes(state);
    signButton.hidden = state === 'missing' || isRunning;
    signButton.disabled = isBusy;
    root.querySelector('[data-group-facts]').hidden = state === 'missing';
    retryButton.hidden = state !== 'missing';
    pauseButton.hidden = !isRunning;
    const end = root.querySelector('[data-group-end]');
    if (end) end.hidden = isRunning;
    const out = root.querySelector(`[data-group-when="${state}"] [data-group-detail]`);
    if (out) {
      out.textContent = detail;
      out.hidden = detail === '';
    }
  };

  const look = async ({ isQuiet = false } = {}) => {
    clearTimeout(lookTimer);
    if (!isQuiet) show('looking');
    try {
      const version = await layer.connect();
      const product = await layer.product();
      const shown = root.querySelector('[data-group-product]');
      shown.textContent = product || (version ? `NCALayer ${version}` : '');
      shown.hidden = shown.textContent === '';
      show('ready');
      if (sessionStorage.getItem(goKey)) {
        sessionStorage.removeItem(goKey);
        void run();
      }
    } catch {
      if (!isQuiet) openHelp(root);
      show('missing');
      lookTimer = setTimeout(() => (root.dataset.state === 'missing' ? void look({ isQuiet: true }) : undefined), lookAgainMs);
    }
  };
  layer.onclose = () => {
    if (root.dataset.state === 'ready') void look();
  };

  /** Posts to the server; its refusals come back as words. */
  const post = async (path, init = {}) => {
    let answer;
    try {
      const headers = { 'X-CSRF-Token': root.dataset.csrf, 'HX-Request': 'true', ...init.headers };
      answer = await fetch(base + path, { method: 'POST', ...init, headers });
    } catch {
      throw new ShownError('no-answer');
    }
    const redirect = answer.headers.get('HX-Redirect');
    if (redirect && answer.status === 401) window.location.assign(redirect);
    if (!answer.ok) throw new ShownError('server', wordsOf(await answer.text()));
    return answer;
  };
  const next = async () => {
    const max = layer.takesMany ? '' : String(singlesAtATime);
    return (await post('/next', { body: new URLSearchParams({ max }) })).json();
  };
  const send = async (body) =>
    (await post('/signatures', { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) })).json();

  /** Waits until NCALayer is back, quietly: people restart it, updates restart it. */
  const reconnect = async () => {
    const until = Date.now() + reconnectForMs;
    for (;;) {
      if (isPausing) throw new ShownError('paused');
      try {
        await layer.connect();
        return;
      } catch {
        if (Date.now() > until) throw new NcaLayerError('closed');
        show('reconnecting');
        await sleep(reconnectEveryMs);
      }
    }
  };

  const run = async () => {
    if (isRunning) return;
    isRunning = true;
    isPausing = false;
    const pace = { signed: 0, ms: 0 };
    let queue = [];
    let chunk = null;
    let lostCalls = 0;
    try {
      for (;;) {
        if (isPausing) throw new ShownError('paused');
        if (!layer.isOpen) await reconnect();
        if (queue.length === 0) {
          show('preparing');
          chunk = await next();
          queue = chunk.items;
          place(root, chunk.counts);
        }
        if (queue.length === 0) break;
        const batch = layer.takesMany ? queue.splice(0) : queue.splice(0, 1);
        const startedAt = Date.now();
        show('preparing');
        const { ready, unread } = await readDocuments(batch, chunk.form);
        let signed = { signatures: [], isWhole: true };
        if (ready.length > 0) {
          show('waiting');
          try {
            signed = await layer.signMany({
              documents: ready.map(({ base64 }) => base64),
              isDigested: chunk.form !== 'bytes',
              extKeyUsageOids: chunk.extKeyUsageOids,
              iin: chunk.iin,
              bin: chunk.bin,
              chain: chunk.chain,
              wantsTimestamp: chunk.wantsTimestamp,
              storage: storage(),
              locale: root.dataset.lang,
            });
          } catch (error) {
            // NCALayer died in the middle of a call: nothing of it was signed here, so the same documents are asked for again.
            if (!(error instanceof NcaLayerError) || error.code !== 'closed' || ++lostCalls > 5) throw error;
            queue = [];
            await reconnect();
            continue;
          }
        }
        lostCalls = 0;
        show('sending');
        const answer = await send({
          items: batch.map((item) => item.id),
          signatures: signed.signatures,
          isPartial: !signed.isWhole,
          unread,
        });
        document.body.dispatchEvent(new CustomEvent('group-changed'));
        place(root, answer.counts);
        if (answer.key) throw new ShownError('key', answer.key);
        const waiting = new Set(answer.outcomes.filter(({ state }) => state === 'waiting').map((one) => one.id));
        if (waiting.size === batch.length) throw new ShownError('stuck');
        queue = [...batch.filter((item) => waiting.has(item.id)), ...queue];
        pace.signed += batch.length - waiting.size;
        pace.ms += Date.now() - startedAt;
        rate(root, pace, answer.unsigned);
      }
      show('sending');
      window.location.reload();
    } catch (error) {
      isRunning = false;
      document.body.dispatchEvent(new CustomEvent('group-changed'));
      if (isPausing) show('paused');
      else if (error instanceof NcaLayerError && error.code === 'missing') void look();
      else if (error instanceof NcaLayerError) show(`error-${layerErrors[error.code]}`, error.detail);
      else if (error instanceof ShownError) show(`error-${error.state}`, error.detail);
      else show('error-no-answer', error.message);
      const resume = root.querySelector('[data-group-do="sign"]');
      if (document.activeElement === document.body || document.activeElement === pauseButton) resume.focus();
    }
  };

  signButton.addEventListener('click', () => void begin());
  const begin = async () => {
    const { simulatorUrl, listed } = root.dataset;
    if (simulatorUrl) window.open(simulatorUrl, 'kense-keys', 'popup,width=480,height=640');
    if (listed === undefined) return run();
    show('preparing');
    try {
      await post('/start', { body: new URLSearchParams({ command: root.dataset.command }) });
      // The page is drawn anew as that of a running group; it goes on by itself.
      sessionStorage.setItem(goKey, '1');
      window.location.reload();
    } catch (error) {
      show(`error-${error.state ?? 'no-answer'}`, error.detail ?? '');
    }
    return undefined;
  };
  retryButton.addEventListener('click', () => void look());
  pauseButton.addEventListener('click', () => {
    isPausing = true;
    // A dialogue of NCALayer that stands open is left to itself; an answer that comes later is nobody's.
    if (root.dataset.state === 'waiting') layer.close();
  });
  window.addEventListener('pagehide', () => layer.close());
  void look();
}

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Reads the documents of a call, some at a time, and checks each against what the server froze; digests need no reading. */
async function readDocuments(items, form) {
  if (form !== 'bytes') {
    const digestOf = (item) => (form === 'streebog512' ? item.digestStreebog : item.digestSha256);
    return { ready: items.map((item) => ({ id: item.id, base64: toBase64(bytesOfHex(digestOf(item))) })), unread: [] };
  }
  const ready = [];
  const unread = [];
  const rest = [...items];
  const reader = async () => {
    for (let item = rest.shift(); item; item = rest.shift()) {
      const answer = await fetch(item.documentUrl).catch(() => null);
      if (answer === null) throw new ShownError('no-answer');
      if (!answer.ok) {
        unread.push({ id: item.id, code: 'group.no_document' });
        continue;
      }
      const bytes = new Uint8Array(await answer.arrayBuffer());
      if (await isOther(bytes, item.digestSha256)) unread.push({ id: item.id, code: 'group.changed' });
      else ready.push({ id: item.id, base64: toBase64(bytes) });
    }
  };
  await Promise.all(Array.from({ length: Math.min(readAtATime, rest.length) }, reader));
  return { ready, unread };
}

/** Whether bytes are not the frozen ones; a page without a secure context cannot tell, and the server compares digests anyway. */
async function isOther(bytes, sha256) {
  if (!globalThis.crypto?.subtle) return false;
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('') !== sha256;
}

const bytesOfHex = (hex) => Uint8Array.from(hex.match(/../g).map((pair) => parseInt(pair, 16)));

/** The words of a refusal, without its mark-up. */
function wordsOf(html) {
  const parsed = new DOMParser().parseFromString(html, 'text/html');
  return (parsed.querySelector('.note p') ?? parsed.body).textContent.trim().slice(0, 300);
}

const fill = (text, first, second) => text.replace('#', first).replace('@', second);

function place(root, counts) {
  const text = fill(root.dataset.place, String(counts.done + counts.failed), String(counts.total));
  for (const out of root.querySelectorAll('[data-group-place]')) out.textContent = text;
  say(text);
}

/** How fast it goes and how long it will take, once something has been signed. */
function rate(root, pace, left) {
  const out = root.querySelector('[data-group-rate]');
  if (pace.signed === 0 || pace.ms === 0) return;
  const perSecond = (pace.signed * 1_000) / pace.ms;
  const seconds = Math.ceil(left / perSecond);
  const time = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
  out.textContent = fill(root.dataset.rate, perSecond.toFixed(1), time);
  out.hidden = left === 0;
}

// The steps for this computer stand open; the others are one click away.
function openHelp(root) {
  const platform = `${navigator.userAgentData?.platform ?? ''} ${navigator.userAgent}`.toLowerCase();
  const os = platform.includes('mac') ? 'macos' : platform.includes('linux') && !platform.includes('android') ? 'linux' : 'windows';
  for (const help of root.querySelectorAll('details[data-os]')) help.open = help.dataset.os === os;
}
