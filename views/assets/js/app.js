// Behaviour of every page. All of it stands on links and forms that work without script; what belongs to one kind of element
// is loaded when such an element appears.
import { closeDialogs, openDialogs } from './dialogs.js';
import { startKeysSwitch } from './keys.js';

const parts = {
  '[data-viewer]': () => import('./viewer.js'),
  '[data-uploads]': () => import('./uploads.js'),
  '[data-editor]': () => import('./editor.js'),
  '[data-sign]': () => import('./sign.js'),
  '[data-group]': () => import('./group.js'),
  '[data-choose]': () => import('./choose.js'),
  '[data-key-form]': () => import('./key-form.js'),
  '[data-phone]': () => import('./phone.js'),
  '[data-sign-in]': () => import('./sign-in.js'),
};
const started = new WeakSet();
const fadeAfterMs = 6_000;

function enliven(root) {
  openDialogs(root);
  startKeysSwitch(root);
  for (const [selector, load] of Object.entries(parts)) {
    for (const element of [...(root.matches?.(selector) ? [root] : []), ...root.querySelectorAll(selector)]) {
      if (started.has(element)) continue;
      started.add(element);
      void load().then((part) => part.start(element));
    }
  }
  for (const button of root.querySelectorAll('[data-print], [data-dismiss]')) button.hidden = false;
  for (const note of root.querySelectorAll('[data-fades]')) setTimeout(() => note.remove(), fadeAfterMs);
  for (const element of root.querySelectorAll('[data-no-script]')) element.hidden = true;
}

document.addEventListener('click', (event) => {
  const target = event.target;
  for (const drop of document.querySelectorAll('details.drop[open]'))
    if (!drop.contains(target) || target.closest('.drop-item')) drop.open = false;
  target.closest('[data-dismiss]')?.closest('.note')?.remove();
  if (target.closest('[data-print]')) window.print();
});
document.addEventListener('keydown', (event) => {
  if (event.key !== 'Escape') return;
  for (const drop of document.querySelectorAll('details.drop[open]')) {
    drop.open = false;
    drop.querySelector('summary').focus();
  }
});

// htmx -------------------------------------------------------------------------------------------------------------------------
const body = document.body;
body.addEventListener('htmx:load', (event) => enliven(event.detail.elt));
// A hidden page does not poll; a field may be sent under another name (data-param).
body.addEventListener('htmx:configRequest', (event) => {
  const { elt, parameters, triggeringEvent } = event.detail;
  if (elt.matches('[data-poll]') && document.hidden && !triggeringEvent) event.preventDefault();
  if (elt.dataset.param) {
    const value = parameters[elt.name];
    delete parameters[elt.name];
    parameters[elt.dataset.param] = value;
  }
});
// A poll that brings nothing new is not swapped, so that opened details, selection and scrolling stay.
const lastAnswer = new Map();
const openDetails = new Set();
body.addEventListener('htmx:beforeSwap', (event) => {
  const { target, xhr, isError } = event.detail;
  // Refusals and errors of a request made inside a modal dialog are shown inside it: outside it nobody sees them.
  const inDialog = (isError || target.id === 'flash') && document.querySelector('dialog:modal [data-flash]');
  if (inDialog) {
    event.detail.target = inDialog;
    return;
  }
  if (!target.matches?.('[data-quiet]')) return;
  const key = target.id;
  if (lastAnswer.get(key) === xhr.responseText) event.detail.shouldSwap = false;
  lastAnswer.set(key, xhr.responseText);
  openDetails.clear();
  for (const details of target.querySelectorAll('details[open][id]')) openDetails.add(details.id);
});
body.addEventListener('htmx:afterSwap', () => {
  for (const id of openDetails) document.getElementById(id)?.setAttribute('open', '');
  // The head of a document follows its route.
  const head = document.getElementById('document-head');
  const route = document.getElementById('document-route');
  if (head && route && head.dataset.rev !== route.dataset.rev && head.dataset.asked !== route.dataset.rev) {
    head.dataset.asked = route.dataset.rev;
    head.dispatchEvent(new CustomEvent('head-changed'));
  }
});
// An outside person's page is drawn anew once their own answer is in: what it asks and offers depends on it.
const readerOf = () => document.querySelector('[data-reload-with-answer] #document-route')?.dataset.reader;
const readerAtStart = readerOf();
body.addEventListener('htmx:afterSettle', () => {
  if (readerOf() === readerAtStart) return;
  const dialog = document.querySelector('dialog:modal');
  if (dialog) dialog.addEventListener('close', () => window.location.reload());
  else window.location.reload();
});
body.addEventListener('htmx:xhr:progress', (event) => {
  const progress = event.target.querySelector?.('[data-progress]');
  if (!progress || !event.detail.lengthComputable) return;
  progress.hidden = false;
  progress.value = (event.detail.loaded / event.detail.total) * 100;
});
// HX-Trigger-After-Settle: {"focus":"#id"}
body.addEventListener('focus', (event) => event.detail?.value && document.querySelector(event.detail.value)?.focus());
body.addEventListener('htmx:afterSettle', (event) => {
  const focus = event.target.dataset?.focus;
  const wanted = focus ? document.getElementById(focus) : event.target.querySelector?.('[aria-invalid="true"]');
  wanted?.focus();
});
window.addEventListener('pageshow', (event) => {
  if (event.persisted) closeDialogs();
});

enliven(body);
