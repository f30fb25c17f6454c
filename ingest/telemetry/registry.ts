import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry as PromRegistry } from 'prom-client';
import {
  type CounterName,
  type GaugeName,
  type HistogramName,
  type LabelsOf,
  type Metric,
  type MetricName,
  metrics,
} from './metrics.ts';

/** Holds the values of all metrics and writes them in the text format of Prometheus. */
export interface Registry {
  add<Name extends CounterName>(name: Name, amount: number, labels: LabelsOf<Name>): void;
  /** Sets a counter to a value that another program has counted. */
  total<Name extends CounterName>(name: Name, value: number, labels: LabelsOf<Name>): void;
  observe<Name extends HistogramName>(name: Name, value: number, labels: LabelsOf<Name>): void;
  set<Name extends GaugeName>(name: Name, value: number, labels: LabelsOf<Name>): void;
  /** Forgets all series of a gauge. */
  clear(name: GaugeName): void;
  readonly contentType: string;
  text(): Promise<string>;
}

/**
 * A registry of all metrics. Series of labels with a closed list start at zero. `process`: adds the metrics of Node
 * itself.
 */
export function createRegistry(options: { process: boolean }): Registry {
  const registry = new PromRegistry();
  const counters = new Map<string, Counter>();
  const gauges = new Map<string, Gauge>();
  const histograms = new Map<string, Histogram>();
  for (const [name, metric] of Object.entries<Metric>(metrics)) {
    const common = { name, help: metric.help, labelNames: Object.keys(metric.labels), registers: [registry] };
    if (metric.kind === 'counter') counters.set(name, zeroed(new Counter(common), metric));
    else if (metric.kind === 'gauge') gauges.set(name, new Gauge(common));
    else histograms.set(name, new Histogram({ ...common, buckets: [...(metric.buckets ?? [])] }));
  }
  // This counter has no value until it is read: an unknown number must not look like zero.
  counters.get('faultline_store_duplicate_blocks_total')?.remove();
  if (options.process) collectDefaultMetrics({ register: registry });
  return {
    add: (name, amount, labels) => of(counters, name).inc(labels, amount),
    total(name, value, labels) {
      of(counters, name).remove(labels);
      of(counters, name).inc(labels, value);
    },
    observe: (name, value, labels) => of(histograms, name).observe(labels, value),
    set: (name, value, labels) => of(gauges, name).set(labels, value),
    clear: (name) => of(gauges, name).reset(),
    contentType: registry.contentType,
    text: () => registry.metrics(),
  };
}

function of<T>(kept: ReadonlyMap<string, T>, name: MetricName): T {
  const found = kept.get(name);
  if (found === undefined) throw new Error(`${name} is not of this kind`);
  return found;
}

/**
 * The counter with all its series at zero. A rate needs a first value: a class that has not occurred yet must be zero,
 * not absent.
 */
function zeroed(counter: Counter, { labels }: Metric): Counter {
  for (const [label, values] of Object.entries(labels)) {
    if (values !== 'partitions') for (const value of values) counter.inc({ [label]: value }, 0);
  }
  return counter;
}
