// @ts-check

/**
 * Draws a part of the page; one that fails takes nothing else down.
 * @template Drawn
 * @param {string} name
 * @param {() => Drawn} draw
 */
export function drawPart(name, draw) {
  try {
    return draw();
  } catch (error) {
    console.error(`${name} cannot be drawn`, error);
    return undefined;
  }
}

/** @param {unknown} error */
export function messageOf(error) {
  return error instanceof Error ? error.message : String(error);
}
