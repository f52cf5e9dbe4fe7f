// Choosing rows of a list: the bar appears with the first one and counts them; a range with Shift, all with Ctrl+A, none with Esc.
import { say } from './say.js';

export function start(form) {
  const bar = form.querySelector('[data-choose-bar]');
  const count = bar.querySelector('[data-choose-count]');
  const page = form.querySelector('[data-choose-page]');
  const pageBox = page.querySelector('input');
  const everything = bar.querySelector('[data-choose-all]');
  const none = bar.querySelector('[data-choose-none]');
  const boxes = [...form.querySelectorAll('tbody input[type="checkbox"]')];
  let last = null;

  for (const element of [count, page, none]) element.hidden = false;
  bar.dataset.live = '';

  const draw = () => {
    const chosen = boxes.filter((box) => box.checked).length;
    for (const box of boxes) box.closest('tr').setAttribute('aria-selected', String(box.checked));
    pageBox.checked = chosen > 0 && chosen === boxes.length;
    pageBox.indeterminate = chosen > 0 && chosen < boxes.length;
    const total = everything?.checked ? Number(everything.dataset.chooseAll) : chosen;
    bar.hidden = total === 0;
    count.querySelector('[data-chosen]').textContent = String(total);
    return total;
  };
  const setAll = (checked) => {
    for (const box of boxes) box.checked = checked;
    if (!checked && everything) everything.checked = false;
    const total = draw();
    say(total === 0 ? '' : count.textContent.trim());
  };

  form.addEventListener('click', (event) => {
    const at = boxes.indexOf(event.target);
    if (at === -1) return;
    if (event.shiftKey && last !== null) {
      for (const box of boxes.slice(Math.min(at, last), Math.max(at, last) + 1)) box.checked = event.target.checked;
    }
    last = at;
  });
  form.addEventListener('change', (event) => {
    if (event.target === pageBox) setAll(pageBox.checked);
    else {
      // One row taken out of everything: what is on the page stays chosen.
      if (event.target !== everything && everything?.checked && !event.target.checked) everything.checked = false;
      if (event.target === everything) for (const box of boxes) box.checked = everything.checked;
      draw();
    }
  });
  none.addEventListener('click', () => {
    setAll(false);
    boxes[0]?.focus();
  });

  const onKey = (event) => {
    if (!form.isConnected) return document.removeEventListener('keydown', onKey);
    const isField = event.target.matches?.('textarea, select, input:not([type="checkbox"])');
    if (isField || document.querySelector('dialog:modal')) return undefined;
    if (event.key === 'Escape' && !bar.hidden) setAll(false);
    const isAll = event.code === 'KeyA' && (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey;
    if (isAll && (form.contains(document.activeElement) || !bar.hidden)) {
      event.preventDefault();
      setAll(true);
    }
    // X chooses the row that J and K have reached.
    const row = document.activeElement?.closest?.('tr');
    if (event.code === 'KeyX' && !event.ctrlKey && !event.metaKey && !event.altKey && row && form.contains(row)) {
      if (localStorage.getItem('kense-keys') === 'off') return undefined;
      const box = row.querySelector('input[type="checkbox"]');
      if (!box) return undefined;
      event.preventDefault();
      box.checked = !box.checked;
      last = boxes.indexOf(box);
      draw();
    }
    return undefined;
  };
  document.addEventListener('keydown', onKey);
  draw();
}
