// Reloads the page when the list of waiting requests becomes another one; nothing is lost by it, a choice is one press.
const shown = [...document.querySelectorAll('[data-pending]')].map((section) => section.dataset.pending).join();

async function look() {
  try {
    const state = await (await fetch('/state')).json();
    if (state.pending.map((each) => each.id).join() !== shown) location.reload();
  } catch {
    // The simulator is away for a moment; the next look tells.
  }
}

setInterval(look, 700);
