/** The text with the user and password of every address in it replaced by `***`. */
export function maskCredentials(text: string): string {
  return text.replaceAll(/(?<scheme>[a-z][a-z0-9+.-]*:\/\/)[^\s/?#"']+@/gi, '$<scheme>***@');
}
