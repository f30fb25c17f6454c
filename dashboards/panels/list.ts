import type { Dashboard } from '../panel.ts';
import { limits } from './limits.ts';
import { overview } from './overview.ts';

/** Every dashboard, the one to open first at the front. */
export const dashboards: readonly Dashboard[] = [overview, limits];
