// @ts-check
import { toExplore } from '../chart-pick.js';
import { byId, h } from '../dom.js';
import { fullTime, zoneName } from '../format.js';
import { createIncidentList } from '../incident-list.js';
import { logScale } from '../log-scale.js';
import { kindName } from '../names.js';
import { drawNotice } from '../notices.js';
import { createPanelCard } from '../panel-card.js';
import { drawPart, messageOf } from '../parts.js';
import { redraw } from '../redraw.js';
import { eachOf, get } from '../requests.js';
import { drawFilters, drawRanges } from '../toolbar.js';
import { rangeQuery, rangeSeconds, stepFor, withFilter } from '../view-state.js';

/** @typedef {import('../chart-parts.js').Mark} Mark */
/** @typedef {import('../context.js').PageContext} PageContext */

/**
 * Shows incidents beside the panels of a dashboard. The frame of this page is part of `index.html`, so that the browser
 * shows it at first paint.
 * @param {PageContext} context
 * @returns {import('../context.js').Page}
 */
export function createPage(context) {
  const incidentList = createIncidentList(() => context.again());
  /** @type {ReturnType<typeof createPanelCard>[]} */
  let cards = [];
  /** @type {Mark[]} */
  let marks = [];
  let laidOut = '';

  /** @param {import('../view-state.js').View['range']} range */
  const chooseRange = (range) => context.change({ range });
  /** @type {import('../toolbar.js').ChooseFilter} */
  const chooseFilter = (variable, value) =>
    context.change({ filters: withFilter(context.view.filters, variable, value) });
  const drawBar = () => drawRanges(byId('ranges'), context.view, context.present(), chooseRange);

  /** Builds the cards of the chosen dashboard, and tabs when there are several dashboards. */
  const layOut = () => {
    const { dashboards, view } = context;
    const dashboard = dashboards.find(({ uid }) => uid === view.dashboard) ?? dashboards[0];
    if (dashboard === undefined || dashboard.uid === laidOut) return;
    laidOut = dashboard.uid;
    for (const card of cards) card.destroy();
    cards = [];
    byId('question').textContent = dashboard.question;
    redraw(
      byId('dashboards'),
      (dashboards.length < 2 ? [] : dashboards).map(({ uid, title }) =>
        h(
          'button',
          {
            type: 'button',
            'data-key': uid,
            'aria-current': uid === dashboard.uid ? 'page' : null,
            onclick: () => context.change({ dashboard: uid }),
          },
          title.replace(/^faultline \/ /, ''),
        ),
      ),
    );
    const actions = {
      createChart: context.createChart,
      zoom: (/** @type {number} */ from, /** @type {number} */ to) => chooseRange({ from, to }),
      pickerFor: toExplore(context),
      showDashboard: (/** @type {string} */ uid) => context.change({ dashboard: uid }),
      dashboards: new Set(dashboards.map(({ uid }) => uid)),
      table: () => ({
        present: context.present(),
        classes: context.classes,
        showClass: context.showClass,
        filter: chooseFilter,
      }),
      scale: logScale(context),
    };
    const rows = dashboard.rows.flatMap(({ title, panels }) => {
      // The page shows incidents beside the panels, with more room than a table would have.
      const shown = panels.filter(({ kind }) => kind !== 'incidents');
      if (shown.length === 0) return [];
      const built = shown.map((panel) => createPanelCard(panel, actions));
      cards.push(...built);
      return [
        h(
          'section',
          { class: 'row', 'aria-label': title },
          h('h2', {}, title),
          h('div', { class: 'grid' }, ...built.map(({ element }) => element)),
        ),
      ];
    });
    byId('rows').replaceChildren(...rows);
  };

  return {
    element: byId('overview'),
    viewChanged() {
      layOut();
      drawBar();
    },
    draw() {
      incidentList.draw(context.present());
      for (const card of cards) card.draw();
    },
    tick: (present) => incidentList.tick(present),
    destroy() {
      for (const card of cards) card.destroy();
    },
    async refresh({ signal, status }) {
      const { view } = context;
      const now = context.present();
      layOut();
      drawPart('ranges', drawBar);
      const isEmpty = drawPart('notice', () => drawNotice(status, view, now, chooseRange)) ?? false;
      try {
        const { incidents } = /** @type {import('../../v1/incidents.ts').IncidentsAnswer} */ (
          await get('/api/v1/incidents?limit=200', signal)
        );
        incidentList.update(incidents, now, status.newest);
        marks = incidents
          .filter(({ state }) => state !== 'pending')
          .map(({ started_at, resolved_at, severity, kind }) => ({
            from: Date.parse(started_at) / 1_000,
            to: (resolved_at === null ? now : Date.parse(resolved_at)) / 1_000,
            severity,
            title: kindName(kind),
          }));
      } catch (error) {
        if (signal.aborted) throw error;
        incidentList.fail(messageOf(error));
      }
      if (isEmpty) return;
      const seconds = rangeSeconds(view);
      // An error is thrown only after all panels have their answers, because the next round must not overlap this one.
      const filters = get(`/api/v1/values?${rangeQuery(view)}`, signal).then(
        (values) => drawPart('filters', () => drawFilters(byId('filters'), view, values, chooseFilter)),
        (/** @type {unknown} */ error) => error,
      );
      await eachOf(cards, 4, async (card) => {
        const query = rangeQuery(view);
        const isBars = card.panel.kind === 'bars';
        query.set('step', String(stepFor(seconds, card.width(), isBars)));
        for (const [name, value] of Object.entries(view.filters)) query.append(name, value);
        try {
          card.update(await get(`/api/v1/panels/${card.panel.slug}?${query}`, signal), marks);
        } catch (error) {
          if (signal.aborted) throw error;
          card.fail(messageOf(error));
        }
      });
      const failure = await filters;
      if (failure !== undefined) throw failure;
      byId('foot-range').textContent =
        `Up to ${fullTime(now)} ${zoneName()}. Counted to ${status.newest === null ? 'nothing yet' : fullTime(status.newest)}.`;
    },
  };
}
