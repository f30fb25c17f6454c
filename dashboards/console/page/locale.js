// @ts-check

// Chromium under LANG=C reports the language `en-US@posix`, which no function of Intl accepts. uPlot passes the
// browser's language to Intl while it is loaded, so this module must be loaded before uPlot.
try {
  new Intl.NumberFormat(navigator.language);
} catch {
  Object.defineProperty(navigator, 'language', { value: 'en', configurable: true });
}
