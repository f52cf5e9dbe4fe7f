// Signing with the phone: counts the code down, reads changes of the state aloud, ends an entry once the key has been checked.
import { say } from './say.js';

const tickMs = 1_000;

export function start(root) {
  // The reader's clock may be off; the page says what time it is for the server.
  const skewMs = Date.now() - Date.parse(root.dataset.now);
  let stage = '';
  let wantsCode = false;

  const draw = () => {
    const left = root.querySelector('[data-phone-left]');
    const time = left?.querySelector('time');
    if (!time) return;
    const seconds = Math.max(0, Math.ceil((Date.parse(time.dataset.until) + skewMs - Date.now()) / 1000));
    time.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
    left.querySelector('progress').value = seconds;
    left.hidden = false;
  };

  const look = () => {
    draw();
    // On a telephone the links come first; the code is for another one, whoever asks for it.
    const code = root.querySelector('.phone-qr');
    if (code && !wantsCode && window.matchMedia('(max-width: 48em)').matches) code.open = false;
    const state = root.querySelector('#phone-state');
    if (!state || state.dataset.stage === stage) return;
    const isFirst = stage === '';
    stage = state.dataset.stage;
    if (!isFirst) say(root.querySelector('[data-phone-say]').textContent.trim());
    root.querySelector('[data-phone-done]')?.focus();
    root.querySelector('[data-phone-finish]')?.submit();
  };

  const timer = setInterval(() => (root.isConnected ? draw() : clearInterval(timer)), tickMs);
  root.addEventListener('click', (event) => {
    if (event.target.closest('.phone-qr > summary')) wantsCode = true;
  });
  document.body.addEventListener('htmx:afterSettle', () => (root.isConnected ? look() : undefined));
  look();
}
