// Shows a PDF with pdf.js: pages are drawn when they come near, with a text layer for search, copying and screen readers.
// Without script or when reading fails, the links to open and to download the file are there.

const zooms = [0.5, 0.67, 0.8, 1, 1.25, 1.5, 2, 3];
const maxCanvasPixels = 16_000_000;

export async function start(root) {
  if (root.dataset.viewer !== 'pdf') return;
  const { url, vendor } = root.dataset;
  const pages = root.querySelector('[data-viewer-pages]');
  const fallback = root.querySelector('[data-viewer-none]');
  try {
    const pdfjs = await import(`${vendor}/pdf.mjs`);
    pdfjs.GlobalWorkerOptions.workerSrc = `${vendor}/pdf.worker.mjs`;
    const file = await pdfjs.getDocument({
      url,
      isEvalSupported: false,
      useWasm: false,
      cMapUrl: `${vendor}/cmaps/`,
      cMapPacked: true,
      standardFontDataUrl: `${vendor}/standard_fonts/`,
      wasmUrl: `${vendor}/wasm/`,
    }).promise;
    const viewer = new Viewer(pdfjs, file, root, pages);
    await viewer.layOut();
    fallback.remove();
  } catch {
    fallback.querySelector('[data-viewer-words]').textContent = root.querySelector('[data-viewer-failed]').content.textContent.trim();
    fallback.dataset.state = 'fail';
  }
}

class Viewer {
  #zoom = 1;
  #shown = 1;

  constructor(pdfjs, file, root, pages) {
    this.pdfjs = pdfjs;
    this.file = file;
    this.root = root;
    this.pages = pages;
    this.slots = [];
    this.near = new IntersectionObserver((entries) => this.#draw(entries), { root: pages, rootMargin: '600px 0px' });
    this.seen = new IntersectionObserver((entries) => this.#mark(entries), { root: pages, rootMargin: '-45% 0px -45% 0px' });
  }

  /** Puts a slot of the right shape for every page, so that the scroll bar tells the truth before anything is drawn. */
  async layOut() {
    const first = (await this.file.getPage(1)).getViewport({ scale: 1 });
    for (let number = 1; number <= this.file.numPages; number += 1) {
      const slot = document.createElement('div');
      slot.className = 'viewer-page viewer-page--pdf';
      slot.dataset.page = String(number);
      slot.setAttribute('role', 'region');
      slot.setAttribute('aria-label', this.#placeText(number));
      this.slots.push({ slot, width: first.width, height: first.height, task: null, isDrawn: false });
    }
    this.#resize();
    this.pages.append(...this.slots.map(({ slot }) => slot));
    for (const { slot } of this.slots) {
      this.near.observe(slot);
      this.seen.observe(slot);
    }
    for (const tools of this.root.querySelectorAll('[data-viewer-tools]')) tools.hidden = false;
    for (const button of this.root.querySelectorAll('[data-view]')) button.addEventListener('click', () => this.#act(button.dataset.view));
    let width = this.pages.clientWidth;
    new ResizeObserver(() => {
      if (Math.abs(width - this.pages.clientWidth) < 8) return;
      width = this.pages.clientWidth;
      this.#resize();
    }).observe(this.pages);
    this.#place(1);
  }

  #placeText(number) {
    return this.root.dataset.pageText.replace('#', String(number)).replace('@', String(this.file.numPages));
  }

  #place(number) {
    this.#shown = number;
    this.root.querySelector('[data-view-place]').textContent = this.#placeText(number);
  }

  #mark(entries) {
    const entry = entries.find(({ isIntersecting }) => isIntersecting);
    if (entry) this.#place(Number(entry.target.dataset.page));
  }

  #act(what) {
    if (what === 'previous' || what === 'next') {
      const number = Math.min(this.file.numPages, Math.max(1, this.#shown + (what === 'next' ? 1 : -1)));
      this.slots[number - 1].slot.scrollIntoView({ block: 'start' });
      this.#place(number);
      return;
    }
    const at = zooms.indexOf(this.#zoom) + (what === 'larger' ? 1 : -1);
    this.#zoom = zooms[Math.min(zooms.length - 1, Math.max(0, at))];
    this.#resize();
    this.slots[this.#shown - 1].slot.scrollIntoView({ block: 'start' });
  }

  /** Page width is the width of the pane, times the zoom; sizes go through the style object, which the content policy allows. */
  #resize() {
    const style = getComputedStyle(this.pages);
    const room = this.pages.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    for (const page of this.slots) {
      const width = Math.min(room, 900) * this.#zoom;
      page.slot.style.width = `${width}px`;
      page.slot.style.height = `${(width * page.height) / page.width}px`;
      page.task?.cancel();
      page.task = null;
      page.isDrawn = false;
      page.slot.replaceChildren();
      this.near.unobserve(page.slot);
      if (page.slot.isConnected) this.near.observe(page.slot);
    }
  }

  #draw(entries) {
    for (const { target, isIntersecting } of entries) {
      const page = this.slots[Number(target.dataset.page) - 1];
      if (isIntersecting && !page.isDrawn) void this.#drawPage(page);
      // Pages far away give their canvas back: a long contract must not fill the memory.
      else if (!isIntersecting && page.isDrawn) {
        page.isDrawn = false;
        page.slot.replaceChildren();
      }
    }
  }

  async #drawPage(page) {
    page.isDrawn = true;
    const source = await this.file.getPage(Number(page.slot.dataset.page));
    const natural = source.getViewport({ scale: 1 });
    if (natural.width !== page.width || natural.height !== page.height) {
      Object.assign(page, { width: natural.width, height: natural.height });
      page.slot.style.height = `${(parseFloat(page.slot.style.width) * natural.height) / natural.width}px`;
    }
    const scale = parseFloat(page.slot.style.width) / natural.width;
    const viewport = source.getViewport({ scale });
    const density = Math.min(window.devicePixelRatio || 1, Math.sqrt(maxCanvasPixels / (viewport.width * viewport.height)));
    const canvas = document.createElement('canvas');
    canvas.width = Math.floor(viewport.width * density);
    canvas.height = Math.floor(viewport.height * density);
    canvas.setAttribute('aria-hidden', 'true');
    const text = document.createElement('div');
    text.className = 'textLayer';
    page.slot.style.setProperty('--total-scale-factor', String(scale));
    page.slot.replaceChildren(canvas, text);
    try {
      page.task = source.render({ canvas, viewport, transform: density === 1 ? undefined : [density, 0, 0, density, 0, 0] });
      await page.task.promise;
      await new this.pdfjs.TextLayer({ textContentSource: source.streamTextContent(), container: text, viewport }).render();
    } catch (error) {
      if (error?.name !== 'RenderingCancelledException') page.isDrawn = false;
    }
  }
}
