// @ts-check

/**
 * Copies a text to the clipboard. A browser offers the clipboard only to pages of this machine or over TLS; otherwise a
 * prompt shows the text.
 * @param {string} text
 */
export function copy(text) {
  const clipboard = /** @type {Clipboard | undefined} */ (navigator.clipboard);
  if (clipboard === undefined) prompt('Copy this', text);
  else clipboard.writeText(text).catch(() => prompt('Copy this', text));
}
