/** Replaces user and password in every address of a text by `***`. */
export function maskCredentials(text: string): string {
  return text.replaceAll(/(?<scheme>[a-z][a-z0-9+.-]*:\/\/)[^\s/?#"']+@/gi, '$<scheme>***@');
}
