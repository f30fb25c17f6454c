import { expect, test } from 'vitest';
import { settingsSchema } from '../../domain/settings.ts';
import { sourceName } from './start-source.ts';

const settings = settingsSchema.parse({});
const onServer = settingsSchema.parse({ clickhouse: { url: 'http://127.0.0.1:8123' } });
const set = (...keys: string[]): Map<string, string> =>
  new Map(keys.map((key) => [key, `faultline.yaml: ${key}`]));

test.each([
  ['nothing is set: the demo', {}, set(), 'demo'],
  ['a broker is set: Kafka', {}, set('kafka.brokers'), 'kafka'],
  ['a topic is set: Kafka', {}, set('kafka.topics'), 'kafka'],
  ['only the group is set: the demo', {}, set('kafka.group'), 'demo'],
  ['a source is named: that source, whatever is set', { source: 'app.log' }, set('kafka.brokers'), 'app.log'],
])('%s', (_name, options, origins, expected) => {
  expect(sourceName(options, { origins, settings })).toBe(expected);
});

test('the demo writes to a server only when somebody asks for the demo', () => {
  const context = { origins: set('clickhouse.url'), settings: onServer };
  expect(() => sourceName({}, context)).toThrow(
    'start without --source runs the demo, and faultline.yaml: clickhouse.url would put its traffic on a ClickHouse server',
  );
  expect(sourceName({ source: 'demo' }, context)).toBe('demo');
});
