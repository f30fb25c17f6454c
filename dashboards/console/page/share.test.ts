import { expect, test } from 'vitest';
import { command, learnDataDirectory, waysTo } from './share.js';
import { readView } from './view-state.js';

const ways = (address: string): Record<string, string> =>
  Object.fromEntries(
    waysTo(readView(new URL(address, 'http://here')), 'http://here').map(({ name, text }) => [name, text]),
  );

test('what a page shows is available as link, request and command', () => {
  expect(ways("/explore?range=6h&by=class,model&model=it's&where=org%3Dacme%0Aclass!%3Dok")).toEqual({
    Link: 'http://here/explore?range=6h&model=it%27s&by=class%2Cmodel&where=org%3Dacme%0Aclass%21%3Dok',
    curl: "curl 'http://here/api/v1/trends?from=now-6h&to=now&where=model%3Dit%27s&by=class%2Cmodel&where=org%3Dacme&where=class%21%3Dok'",
    Command:
      "faultline trends --by class,model --since 360m --where 'model=it'\\''s' --where org=acme --where 'class!=ok'",
  });
});

test.each([
  ['/', 'incidents --state firing'],
  ['/incidents/inc_1', 'incidents inc_1 --timeline'],
  [
    '/differs?from=1772366400000&to=1772370000000&class=slow_down',
    'explain --from 2026-03-01T12:00:00.000Z --to 2026-03-01T13:00:00.000Z --class slow_down',
  ],
  ['/pipeline', 'doctor'],
  ['/try', 'try'],
])('%s is faultline %s on a terminal', (address, command) => {
  expect(ways(address)['Command']).toBe(`faultline ${command}`);
});

test('a command names the data directory of the page, if there is one', () => {
  learnDataDirectory('/data of x');
  expect([command('incidents'), command('try')]).toEqual([
    "faultline incidents --data '/data of x'",
    'faultline try',
  ]);
  learnDataDirectory(null);
  expect(command('incidents')).toBe('faultline incidents');
});
