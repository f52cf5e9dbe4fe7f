// A form answered with a key: the text it carries is signed in NCALayer, enclosed in the signature, and posted as an ordinary form.
import { NcaLayer, NcaLayerError } from './ncalayer.js';

const lookAgainMs = 3_000;
const errorStates = { cancelled: 'cancelled', closed: 'closed', module: 'module', failed: 'refused-by-layer', busy: 'refused-by-layer' };

export function start(form) {
  const layer = new NcaLayer({ url: form.dataset.ncalayerUrl });
  const signButton = form.querySelector('[data-key-do="sign"]');
  const retryButton = form.querySelector('[data-key-do="retry"]');

  const show = (state, detail = '') => {
    form.dataset.state = state;
    for (const block of form.querySelectorAll('[data-key-when]')) block.hidden = block.dataset.keyWhen !== state;
    const isBusy = ['looking', 'waiting', 'sending'].includes(state);
    signButton.disabled = isBusy || state === 'missing';
    signButton.hidden = state === 'missing';
    retryButton.hidden = state !== 'missing';
    const out = form.querySelector(`[data-key-when="${state}"] [data-key-detail]`);
    if (out) {
      out.textContent = detail;
      out.hidden = detail === '';
    }
    if (!isBusy && state !== 'missing' && document.activeElement === document.body) signButton.focus();
  };

  const look = async ({ isQuiet = false } = {}) => {
    if (!isQuiet) show('looking');
    try {
      await layer.connect();
      show('ready');
    } catch {
      show('missing');
      setTimeout(() => (form.dataset.state === 'missing' ? void look({ isQuiet: true }) : undefined), lookAgainMs);
    }
  };
  layer.onclose = () => {
    if (form.dataset.state === 'ready') void look();
  };

  const sign = async () => {
    const { simulatorUrl, text, iin, chain, lang } = form.dataset;
    if (simulatorUrl) window.open(simulatorUrl, 'kense-keys', 'popup,width=480,height=640');
    try {
      if (!layer.isOpen) await layer.connect();
      show('waiting');
      form.elements.cms.value = await layer.sign({
        base64: text,
        isAttached: true,
        extKeyUsageOids: [],
        ...(iin ? { iin } : {}),
        ...(chain ? { chain: JSON.parse(chain) } : {}),
        wantsTimestamp: false,
        locale: lang,
      });
      show('sending');
      form.submit();
    } catch (error) {
      if (!(error instanceof NcaLayerError)) throw error;
      if (error.code === 'missing') void look();
      else show(`error-${errorStates[error.code]}`, error.detail);
    }
  };

  signButton.addEventListener('click', () => void sign());
  retryButton.addEventListener('click', () => void look());
  window.addEventListener('pagehide', () => layer.close());
  void look();
}
