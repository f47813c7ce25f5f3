const GROWS_BY_ITSELF = CSS.supports('field-sizing', 'content');

/** Makes a text area as high as its text, where the browser does not do so by itself. The style sheet sets the most. */
export function fitHeight(area: HTMLTextAreaElement): void {
  if (GROWS_BY_ITSELF) return;
  area.style.blockSize = 'auto';
  area.style.blockSize = `${area.scrollHeight}px`;
}
