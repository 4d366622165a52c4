import type { IOperation } from '../../api/types';
import { startedHere } from '../cluster';
import { byHost } from '../engine';
import { outcomeOf, progressOf } from '../operation';
import { bytes, parseCount, percent } from '../units';
import {
  engine,
  operation,
  RUNNING,
  STOPPED,
  trans
} from '../../__tests__/fakes';

describe('parseCount', () => {
  it.each([
    ['', null],
    ['  ', null],
    ['4', 4],
    [' 4 ', 4],
    ['0', 0],
    ['-3', -3],
    ['1.5', 1.5],
    ['10000', 10000],
    ['two', 'two'],
    ['4 cores', '4 cores'],
    ['0x10', '0x10']
  ])('takes %p as %p', (text, expected) => {
    expect(parseCount(text)).toBe(expected);
  });
});

describe('bytes', () => {
  it.each([
    [null, '–'],
    [0, '0 B'],
    [999, '999 B'],
    [1500, '1.5 kB'],
    [61_234_567, '61 MB'],
    [999_600_000, '1.0 GB'],
    [1.25e9, '1.3 GB']
  ])('writes %p as %p', (value, expected) => {
    expect(bytes(value)).toBe(expected);
  });
});

it('rounds percents, and shows none where none is known', () => {
  expect([percent(98.7), percent(0), percent(null)]).toEqual([
    '99 %',
    '0 %',
    '–'
  ]);
});

it('keeps hosts in the order of their first engine', () => {
  const engines = [
    engine(0, { host: 'b' }),
    engine(1, { host: 'a' }),
    engine(2, { host: 'b' }),
    engine(3, { host: null })
  ];
  expect(
    byHost(engines).map(([host, there]) => [host, there.map(({ id }) => id)])
  ).toEqual([
    ['b', [0, 2]],
    ['a', [1]],
    ['–', [3]]
  ]);
});

it.each([
  [STOPPED, ''],
  [RUNNING, '2 engines and the controller'],
  [{ ...RUNNING, engines_started_here: 0 }, 'the controller'],
  [
    {
      ...RUNNING,
      controller: { started_here: false, pid: 1, host: 'a' },
      engines_started_here: 1
    },
    '1 engine'
  ]
])('counts what was started here (%#)', (cluster, expected) => {
  expect(startedHere(cluster, trans)).toBe(expected);
});

it('tells progress in engines', () => {
  expect(progressOf(operation({ done: 1, total: 4 }), trans)).toBe(
    '1 of 4 engines'
  );
});

const FAILURE = { message: 'No engine came up.', reason: 'x' };
const PROBLEM = { where: 'engine 1', what: 'died', fix: 'look' };

it.each<[Partial<IOperation>, string, string]>([
  [{ state: 'done', done: 2 }, '2 engines started.', 'success'],
  [{ state: 'done', done: 1, total: 1 }, '1 engine started.', 'success'],
  [
    { state: 'done', done: 1, problems: [PROBLEM] },
    '1 of 2 engines started.',
    'warning'
  ],
  [{ state: 'failed', error: FAILURE }, 'No engine came up.', 'error'],
  [{ state: 'failed' }, 'The engines did not start.', 'error'],
  [{ state: 'cancelled' }, 'The start of engines was cancelled.', 'info'],
  [{ kind: 'shutdown', state: 'done' }, 'The cluster was shut down.', 'success']
])('tells how an operation ended (%#)', (fields, message, type) => {
  expect(outcomeOf(operation(fields), trans)).toEqual({ message, type });
});
