// Keyboard: single letters act only outside fields and can be switched off; Ctrl+Enter presses the primary button of the form.
const storeKey = 'kense-keys';
const areOff = () => localStorage.getItem(storeKey) === 'off';
const isTyping = (target) => target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);

const step = (by) => {
  const links = [...document.querySelectorAll('[data-row-link]')];
  if (links.length === 0) return;
  const at = links.indexOf(document.activeElement);
  const next = links[Math.min(links.length - 1, Math.max(0, at === -1 ? (by > 0 ? 0 : links.length - 1) : at + by))];
  next.focus();
  next.scrollIntoView({ block: 'nearest' });
};
const press = (selector) => {
  const target = [...document.querySelectorAll(selector)].find((element) => element.offsetParent !== null);
  target?.click();
  return target !== undefined;
};
const letters = {
  '/': () => document.querySelector('[data-search]')?.focus(),
  j: () => step(1),
  k: () => step(-1),
  s: () => press('#do-sign, #do-approve'),
  '?': () => press('a[hx-get="/keys"]') || window.location.assign('/keys'),
};
// The same keys under a Cyrillic layout.
const byPosition = { KeyJ: 'j', KeyK: 'k', KeyS: 's' };

document.addEventListener('keydown', (event) => {
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
    const scope = event.target.closest('form, dialog') ?? document;
    const primary = scope.querySelector('[data-primary]:not([disabled])');
    if (primary) {
      event.preventDefault();
      primary.click();
    }
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || areOff() || document.querySelector('dialog:modal'))
    return;
  const letter = event.key === '?' || event.key === '/' ? event.key : (byPosition[event.code] ?? event.key);
  // A Russian layout has «.» on the slash key: by position it is still the search key.
  const act =
    letters[letter] ?? (event.code === 'Slash' && !event.shiftKey ? letters['/'] : event.code === 'Slash' ? letters['?'] : undefined);
  if (!act) return;
  event.preventDefault();
  act();
});

export function startKeysSwitch(root) {
  for (const label of root.querySelectorAll('[data-keys-off]')) {
    label.hidden = false;
    const box = label.querySelector('input');
    box.checked = areOff();
    box.addEventListener('change', () => localStorage.setItem(storeKey, box.checked ? 'off' : 'on'));
  }
}
