const codes = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
} as const;
export type Paint = keyof typeof codes;

/** Paints a text; returns it unchanged when colours are off. */
export type Painter = (text: string, ...paints: readonly Paint[]) => string;

/** Makes a painter for a stream with or without colours. */
export function createPainter(color: boolean): Painter {
  if (!color) return (text) => text;
  return (text, ...paints) =>
    paints.reduce((painted, paint) => `\u001B[${codes[paint][0]}m${painted}\u001B[${codes[paint][1]}m`, text);
}
