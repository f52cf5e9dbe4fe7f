/** Ends a piece of work in a state that the page has words for; `detail` is told beside them. */
export class ShownError extends Error {
  constructor(state, detail = '') {
    super(state);
    this.state = state;
    this.detail = detail;
  }
}
