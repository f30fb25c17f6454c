// @ts-check
import { byId, icon } from './dom.js';
import { isUtc, setUtc, zoneName } from './format.js';
import { theme, toggleTheme } from './theme.js';

const SUN =
  'M12 7.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9ZM12 2v2.2M12 19.8V22M2 12h2.2M19.8 12H22M4.9 4.9l1.6 1.6M17.5 17.5l1.6 1.6M19.1 4.9l-1.6 1.6M6.5 17.5l-1.6 1.6';
const MOON = 'M20 14.2A8.2 8.2 0 0 1 9.8 4a8.3 8.3 0 1 0 10.2 10.2Z';

/**
 * Sets up the buttons of the header: theme, time zone, pause, command palette.
 * @param {{showPalette: () => void, pause: (isPaused: boolean) => void, zoneChanged: () => void}} actions
 */
export function setUpButtons({ showPalette, pause, zoneChanged }) {
  const themeButton = byId('theme');
  const drawTheme = () => {
    const isDark = theme() === 'dark';
    themeButton.replaceChildren(icon(isDark ? SUN : MOON));
    themeButton.setAttribute('aria-label', isDark ? 'Light theme' : 'Dark theme');
    themeButton.setAttribute('title', isDark ? 'Light theme' : 'Dark theme');
  };
  addEventListener('themechange', drawTheme);
  themeButton.addEventListener('click', toggleTheme);
  drawTheme();

  const zoneButton = byId('zone');
  const drawZone = () => {
    zoneButton.textContent = zoneName();
    zoneButton.setAttribute('aria-label', `Times are in ${zoneName()}: change`);
  };
  zoneButton.hidden = new Date().getTimezoneOffset() === 0;
  zoneButton.addEventListener('click', () => {
    setUtc(!isUtc());
    drawZone();
    zoneChanged();
  });
  drawZone();

  const pauseButton = byId('pause');
  pauseButton.addEventListener('click', () => {
    const isPaused = pauseButton.getAttribute('aria-pressed') !== 'true';
    pauseButton.setAttribute('aria-pressed', String(isPaused));
    pauseButton.textContent = isPaused ? 'Paused' : 'Pause';
    pause(isPaused);
  });
  byId('palette-open').addEventListener('click', showPalette);
}
