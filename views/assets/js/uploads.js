// Many files at once: one request a file, with progress, cancel and retry. The answer of each is a ready row from the server.
import { ulid } from './ulid.js';

const atOnce = 2;

export function start(root) {
  const { url, csrf } = root.dataset;
  const maxBytes = Number(root.dataset.maxBytes);
  const list = root.querySelector('[data-uploads-list]');
  const drop = root.querySelector('[data-drop]');
  const input = root.querySelector('input[type="file"]');
  const words = document.getElementById('upload-words').content;
  const word = (name) => words.querySelector(`[data-word="${name}"]`).textContent;
  const queue = [];
  let running = 0;

  root.querySelector('[data-drop-text]').hidden = false;
  root.querySelector('[data-uploads-send]').hidden = true;
  // The label is the button now; the field keeps the focus and the keyboard.
  input.classList.add('only-read');

  const total = () => {
    const all = list.children.length;
    const done = list.querySelectorAll(':scope > [data-state="done"]').length;
    root.querySelector('[data-uploads-total]').textContent =
      all === 0 ? '' : word('total').replace('#', String(done)).replace('@', String(all));
  };

  const fail = (job, text) => {
    job.row.dataset.state = 'fail';
    job.row.querySelector('progress')?.remove();
    job.row.querySelector('[data-cancel]')?.remove();
    job.row.querySelectorAll('.filelist-do, [data-row-do], .filelist-note').forEach((element) => element.remove());
    job.row.append(document.getElementById('upload-fail').content.cloneNode(true));
    const note = document.createElement('span');
    note.className = 'filelist-note';
    note.textContent = text;
    job.row.append(note);
    job.row.querySelector('[data-retry]').addEventListener('click', () => retry(job));
    job.row.querySelector('[data-drop-row]').addEventListener('click', () => {
      job.row.remove();
      total();
    });
  };

  const rowOf = (job) => {
    const row = document.getElementById('upload-row').content.firstElementChild.cloneNode(true);
    row.id = `upload-${job.command}`;
    row.querySelector('[data-name]').textContent = job.file.name;
    row.querySelector('[data-cancel]').addEventListener('click', () => cancel(job));
    return row;
  };
  const enqueue = (job) => {
    queue.push(job);
    next();
  };
  // The same command again: what reached the server the first time is not stored twice.
  const retry = (job) => {
    const row = rowOf(job);
    job.row.replaceWith(row);
    job.row = row;
    enqueue(job);
  };
  const cancel = (job) => {
    const waiting = queue.indexOf(job);
    if (waiting !== -1) {
      queue.splice(waiting, 1);
      fail(job, word('cancelled'));
    } else job.request?.abort();
  };

  const add = (files) => {
    for (const file of files) {
      const job = { file, command: ulid(), row: null, request: null };
      job.row = rowOf(job);
      list.append(job.row);
      if (file.size === 0) fail(job, word('empty'));
      else if (file.size > maxBytes) fail(job, word('too-big'));
      else enqueue(job);
    }
    total();
  };

  const send = (job) =>
    new Promise((resolve) => {
      const form = new FormData();
      form.append('_csrf', csrf);
      form.append('command', job.command);
      form.append('file', job.file, job.file.name);
      const request = new XMLHttpRequest();
      job.request = request;
      const progress = job.row.querySelector('progress');
      request.upload.onprogress = (event) => {
        if (event.lengthComputable) progress.value = (event.loaded / event.total) * 100;
      };
      request.onload = () => resolve(answered(job, request));
      request.onerror = () => resolve(fail(job, word('lost')));
      request.ontimeout = request.onerror;
      request.onabort = () => resolve(fail(job, word('cancelled')));
      request.open('POST', url);
      request.setRequestHeader('HX-Request', 'true');
      request.send(form);
    });

  const answered = (job, request) => {
    const redirect = request.getResponseHeader('HX-Redirect');
    if (redirect) return window.location.assign(redirect);
    const holder = document.createElement('template');
    holder.innerHTML = request.responseText.trim();
    const row = holder.content.firstElementChild;
    if (row?.tagName !== 'LI') return fail(job, holder.content.querySelector('p')?.textContent || word('failed'));
    row.id = `upload-${job.command}`;
    job.row.replaceWith(row);
    job.row = row;
    if (row.dataset.state === 'fail') fail(job, row.querySelector('.filelist-note')?.textContent ?? word('failed'));
    return undefined;
  };

  const next = () => {
    while (running < atOnce && queue.length > 0) {
      running += 1;
      void send(queue.shift()).finally(() => {
        running -= 1;
        total();
        next();
      });
    }
  };

  input.addEventListener('change', () => {
    add(input.files);
    input.value = '';
  });
  for (const name of ['dragenter', 'dragover']) {
    drop.addEventListener(name, (event) => {
      event.preventDefault();
      drop.dataset.over = 'true';
    });
  }
  for (const name of ['dragleave', 'drop']) drop.addEventListener(name, () => delete drop.dataset.over);
  drop.addEventListener('drop', (event) => {
    event.preventDefault();
    add(event.dataTransfer.files);
  });
  // A file dropped beside the target would open in place of the page.
  for (const name of ['dragover', 'drop']) window.addEventListener(name, (event) => event.preventDefault());
  window.addEventListener('beforeunload', (event) => {
    if (running > 0) event.preventDefault();
  });
}
