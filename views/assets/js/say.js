// Tells a screen reader what a sighted person sees happen: the one polite live region of the page.
export function say(text) {
  const out = document.getElementById('status');
  if (!out) return;
  out.textContent = '';
  requestAnimationFrame(() => {
    out.textContent = text;
  });
}
