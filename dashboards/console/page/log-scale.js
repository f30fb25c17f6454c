// @ts-check

/**
 * Which panels are drawn on a logarithmic scale. The address of the page contains their slugs, so that a link shows the
 * same charts to others.
 * @param {Pick<import('./context.js').PageContext, 'view' | 'remember'>} context
 */
export function logScale(context) {
  const panels = () => (context.view.options['log'] ?? '').split(',').filter((slug) => slug !== '');
  return {
    /** @param {string} slug */
    isOn: (slug) => panels().includes(slug),
    /** @param {string} slug @param {boolean} isOn */
    set: (slug, isOn) => {
      const others = panels().filter((one) => one !== slug);
      context.remember({ ...context.view.options, log: (isOn ? [...others, slug] : others).join(',') });
    },
  };
}
