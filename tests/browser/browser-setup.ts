import chromium from '@sparticuz/chromium';

/**
 * Unpacks the browser into the temporary folder before the first test, if it is not there. The package does this at its
 * first start, and a second test file that starts at the same time would find a half unpacked browser.
 */
export async function setup(): Promise<void> {
  // If the browser cannot be unpacked, the tests that need it fail with the reason.
  await chromium.executablePath().catch(() => undefined);
}
