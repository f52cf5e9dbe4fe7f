// The draft editor: the server draws it anew after each press; here only the keyboard of the people search and the unsaved warning.
export function start(form) {
  form.addEventListener('keydown', (event) => {
    const search = event.target.closest('[data-suggest]');
    if (!search) return;
    const items = [...search.querySelectorAll('.suggest-item:not([disabled])')];
    const at = items.indexOf(document.activeElement);
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      const next = at + (event.key === 'ArrowDown' ? 1 : -1);
      event.preventDefault();
      (items[next] ?? search.querySelector('input[type="search"]')).focus();
    } else if (event.key === 'Enter' && event.target.matches('input[type="search"]')) {
      // Enter takes the first person found instead of saving the draft.
      event.preventDefault();
      items[0]?.click();
    } else if (event.key === 'Escape') {
      event.preventDefault();
      const list = search.querySelector('.suggest-list');
      if (list) list.hidden = true;
      search.querySelector('input[type="search"]').focus();
    }
  });
  // Enter inside the invitation form adds that person.
  form.addEventListener('keydown', (event) => {
    const outside = event.target.closest('.stage-outside');
    if (event.key !== 'Enter' || !outside || event.target.tagName !== 'INPUT') return;
    event.preventDefault();
    outside.querySelector('button').click();
  });
  let isChanged = false;
  form.addEventListener('input', () => {
    isChanged = true;
  });
  form.addEventListener('submit', () => {
    isChanged = false;
  });
  window.addEventListener('beforeunload', (event) => {
    if (isChanged && form.isConnected) event.preventDefault();
  });
}
