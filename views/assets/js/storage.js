// Where the key is kept: chosen in the page, remembered by this browser. '' leaves the choice to NCALayer.
const storeKey = 'kense-storage';

/** Fills the choice of storages inside `root` with the last one and keeps what is chosen; returns how to read it. */
export function rememberStorage(root) {
  const select = root.querySelector('[data-storage]');
  if (!select) return () => '';
  const last = localStorage.getItem(storeKey) ?? '';
  if ([...select.options].some((option) => option.value === last)) select.value = last;
  select.addEventListener('change', () => localStorage.setItem(storeKey, select.value));
  return () => select.value;
}
