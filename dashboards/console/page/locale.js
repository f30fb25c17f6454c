// @ts-check

// Chromium under LANG=C says that its language is `en-US@posix`, which no function of Intl takes. uPlot gives the
// browser's language to Intl when it is loaded, so it is to be loaded after this.
try {
  new Intl.NumberFormat(navigator.language);
} catch {
  Object.defineProperty(navigator, 'language', { value: 'en', configurable: true });
}
