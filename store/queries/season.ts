import type { RequestClass } from '../../domain/error-class.ts';
import type { Store } from '../store.ts';

/** The requests of one dimension set in the wanted hours, from the counts per hour. */
export interface SeasonRow {
  provider: string;
  org: string;
  project: string;
  client: string;
  model: string;
  /**
   * `requests` and `matching` hold one number for each wanted hour in which the dimension set sent requests, oldest
   * first: all requests, and those of the wanted classes.
   */
  requests: number[];
  matching: number[];
}

export interface SeasonFilter {
  /** Starts of the hours, epoch seconds. */
  hours: readonly number[];
  classes: readonly RequestClass[];
  /** Smallest share (0 to 1) of answers of these classes; dimension sets with less are left out. */
  least_share: number;
  /** Smallest number of hours with requests; dimension sets with fewer are left out. */
  least_hours: number;
  /** How many dimension sets to read; those with the most answers of these classes come first. */
  limit: number;
}

/**
 * What was usual in these hours, one row per dimension set. It reads only the rows of these hours, however long the
 * history is, because the table is sorted by time. Throws `StoreError`.
 */
export function readSeason(store: Store, filter: SeasonFilter): Promise<SeasonRow[]> {
  return store.query<SeasonRow>(
    `SELECT provider, org, project, client, model, groupArray(of_all) AS requests, groupArray(of_classes) AS matching
    FROM (
      SELECT c.ts AS at, c.provider AS provider, c.org AS org, c.project AS project, c.client AS client, c.model AS model,
        toFloat64(sum(c.requests)) AS of_all, toFloat64(sumIf(c.requests, c.class IN {classes:Array(String)})) AS of_classes
      FROM request_counts_1h AS c
      WHERE c.ts IN (${filter.hours.map((_, i) => `toDateTime({hour${i}:UInt32}, 'UTC')`).join(', ')})
      GROUP BY c.ts, c.provider, c.org, c.project, c.client, c.model
      ORDER BY c.ts
    )
    GROUP BY provider, org, project, client, model
    HAVING count() >= {least_hours:UInt32} AND sum(of_classes) > 0 AND sum(of_classes) >= {least_share:Float64} * sum(of_all)
    ORDER BY sum(of_classes) DESC, provider, org, project, client, model
    LIMIT {limit:UInt32}`,
    {
      ...Object.fromEntries(filter.hours.map((hour, i) => [`hour${i}`, hour])),
      classes: filter.classes,
      least_share: filter.least_share,
      least_hours: filter.least_hours,
      limit: filter.limit,
    },
  );
}
