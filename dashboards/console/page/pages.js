// @ts-check

/** @typedef {import('./view-state.js').PageName} PageName */
/** @typedef {import('./context.js').PageContext} PageContext */
/** @typedef {import('./context.js').Page} Page */

/**
 * The pages in the order of the menu. Each is loaded when it is first shown.
 * @type {Record<PageName, {title: string, about: string, load: () => Promise<{createPage: (context: PageContext) => Page}>}>}
 */
export const pages = {
  overview: {
    title: 'Overview',
    about: 'Incidents and dashboards',
    load: () => import('./pages/overview.js'),
  },
  incidents: {
    title: 'Incidents',
    about: 'Open and resolved incidents, acknowledge, silence',
    load: () => import('./pages/incidents.js'),
  },
  explore: {
    title: 'Explore',
    about: 'Trends by any dimension',
    load: () => import('./pages/explore.js'),
  },
  differs: {
    title: 'What differs',
    about: 'Which part of the traffic fails more than usual',
    load: () => import('./pages/differs.js'),
  },
  errors: {
    title: 'Errors',
    about: 'Single failures with class, rule and text',
    load: () => import('./pages/errors.js'),
  },
  classes: {
    title: 'Classes',
    about: 'What each error class means and what to do',
    load: () => import('./pages/classes.js'),
  },
  pipeline: {
    title: 'Pipeline',
    about: 'Lag, batches, dead letters, what was left out',
    load: () => import('./pages/pipeline.js'),
  },
  try: {
    title: 'Try a record',
    about: 'How a line of your log would be read',
    load: () => import('./pages/try.js'),
  },
};
