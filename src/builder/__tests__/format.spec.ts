import { removalEdits } from '../edits';
import {
  connectionText,
  elapsedText,
  isConnected,
  parseValue,
  placeholder,
  positionOf,
  typeText,
  valueText
} from '../format';
import type { IPort } from '../wire';
import { PIPELINE } from './fakes';

const port = (fields: Partial<IPort> = {}): IPort => ({
  name: 'x',
  type: 'int',
  depth: 0,
  ...fields
});

const TEXT = port({ type: 'str' });

it.each([
  [0, 'int'],
  [1, 'list[int]'],
  [2, 'list[list[int]]']
])('writes a type at depth %d as %s', (depth, expected) => {
  expect(typeText(port({ depth }))).toBe(expected);
});

it.each<[IPort, string, unknown]>([
  [port(), '64', 64],
  [port(), '1.5', 1.5],
  [port(), '[1, 2]', [1, 2]],
  [port(), 'True', true],
  [port(), 'None', null],
  [port(), 'null', null],
  [port(), 'many', 'many'],
  [TEXT, '64', '64'],
  [TEXT, '', ''],
  [port({ type: 'str', depth: 1 }), '["a"]', ['a']]
])('reads a typed value (%#)', (target, text, expected) => {
  expect(parseValue(target, text)).toEqual(expected);
});

it.each<[IPort, unknown, string]>([
  [port(), undefined, ''],
  [port(), 64, '64'],
  [port(), null, 'null'],
  [port(), 'many', '"many"'],
  [TEXT, 'photos', 'photos']
])('shows a value so that it can be read again (%#)', (target, value, text) => {
  expect(valueText(target, value)).toBe(text);
  if (value !== undefined) {
    expect(parseValue(target, text)).toEqual(value);
  }
});

it('says what an empty field means', () => {
  expect([
    placeholder(port({ default: 128 })),
    placeholder(port({ required: false })),
    placeholder(port({ required: true }))
  ]).toEqual(['128', 'optional', 'needed']);
});

it.each([
  [0.0004, '< 0.01 s'],
  [0.123, '0.12 s'],
  [4.26, '4.3 s'],
  [59.4, '59 s'],
  [75, '1 min 15 s']
])('writes %d seconds as %s', (seconds, text) => {
  expect(elapsedText(seconds)).toBe(text);
});

it('knows which ports are connected', () => {
  expect(isConnected(PIPELINE, ['b', 'path'], 'to')).toBe(true);
  expect(isConnected(PIPELINE, ['b', 'size'], 'to')).toBe(false);
  expect(isConnected(PIPELINE, ['a', 'result'], 'from')).toBe(true);
});

it('describes a connection', () => {
  expect(connectionText(PIPELINE.connections[0], PIPELINE)).toBe(
    'output result of find_images → input path of thumbnail'
  );
});

it('places a module where the document says, else in a row', () => {
  expect(positionOf(PIPELINE, 'b', 1)).toEqual({ x: 300, y: 0 });
  expect(positionOf({ ...PIPELINE, layout: {} }, 'c', 2).x).toBe(600);
});

it('leaves the connections of a removed module to Python', () => {
  const connection = PIPELINE.connections[0];
  expect(removalEdits({ modules: ['a'], connections: [connection] })).toEqual([
    { type: 'remove', id: 'a' }
  ]);
  expect(removalEdits({ modules: [], connections: [connection] })).toEqual([
    { type: 'disconnect', ...connection }
  ]);
});
