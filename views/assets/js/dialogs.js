// Dialogs arrive as fragments in #dialog and become modal; without script their links lead to pages.
const host = () => document.getElementById('dialog');
let opener = null;

export function openDialogs(root) {
  const dialogs = [...(root.matches?.('dialog[data-modal]') ? [root] : []), ...root.querySelectorAll('dialog[data-modal]')];
  for (const dialog of dialogs) {
    if (dialog.matches(':modal')) continue;
    if (document.activeElement !== document.body) opener = document.activeElement;
    dialog.removeAttribute('open');
    dialog.showModal();
    (dialog.querySelector('[autofocus]') ?? dialog.querySelector('h2')).focus();
    dialog.addEventListener('close', () => {
      dialog.remove();
      // The control that opened it may have been swapped meanwhile: its successor has the same id.
      const target = opener?.isConnected ? opener : document.getElementById(opener?.id ?? '');
      (target?.offsetParent ? target : document.getElementById('content'))?.focus();
      opener = null;
    });
  }
}

export const closeDialogs = () =>
  host()
    ?.querySelectorAll('dialog')
    .forEach((dialog) => dialog.close());

document.addEventListener('click', (event) => {
  const dialog = event.target.closest?.('dialog[data-modal]');
  if (!dialog) return;
  // A press on the veil closes what holds no typed text; signing keeps its window.
  const isVeil = event.target === dialog && !dialog.matches('[data-keep]') && dialog.querySelector('textarea, input[type="file"]') === null;
  if (event.target.closest('[data-close]') || isVeil) {
    event.preventDefault();
    dialog.close();
  }
});
document.body.addEventListener('dialog-close', closeDialogs);
