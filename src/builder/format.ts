/** Pure functions on a pipeline: what is shown of it, and where. */
import type { IConnection, IPipelineDocument, IPort, PortPath } from './wire';

/** Distance of cards that no one has placed, in pixels. */
const COLUMN = 300;

/** "int", at depth 1 "list[int]". */
export function typeText(port: IPort): string {
  return 'list['.repeat(port.depth) + port.type + ']'.repeat(port.depth);
}

export function connectionId({ from, to }: IConnection): string {
  return JSON.stringify([from, to]);
}

function moduleName(id: string, pipeline: IPipelineDocument): string {
  return pipeline.modules.find(module => module.id === id)?.name ?? id;
}

/** "output result of find_images" */
export function outputText(
  [id, port]: PortPath,
  pipeline: IPipelineDocument
): string {
  return `output ${port} of ${moduleName(id, pipeline)}`;
}

/** "output result of find_images → input path of thumbnail" */
export function connectionText(
  { from, to }: IConnection,
  pipeline: IPipelineDocument
): string {
  const [id, port] = to;
  return `${outputText(from, pipeline)} → input ${port} of ${moduleName(id, pipeline)}`;
}

export function isConnected(
  pipeline: IPipelineDocument,
  [id, port]: PortPath,
  side: 'from' | 'to'
): boolean {
  return pipeline.connections.some(
    connection => connection[side][0] === id && connection[side][1] === port
  );
}

/** Where a module's card stands; Python places those that no one has moved. */
export function positionOf(
  pipeline: IPipelineDocument,
  id: string,
  index: number
): { x: number; y: number } {
  const [x, y] = pipeline.layout?.[id] ?? [index * COLUMN, 0];
  return { x, y };
}

/** Whether a port's values are plain text, shown and typed without quotes. */
function isText(port: IPort): boolean {
  return port.depth === 0 && port.type === 'str';
}

/** A parameter as it is shown for editing. */
export function valueText(port: IPort, value: unknown): string {
  if (value === undefined) {
    return '';
  }
  return isText(port) && typeof value === 'string'
    ? value
    : JSON.stringify(value);
}

const PYTHON_WORDS = new Map<string, unknown>([
  ['True', true],
  ['False', false],
  ['None', null]
]);

/**
 * What was typed for a port, as a JSON value; what is no JSON is text.
 *
 * Whether the value suits the port is for Python to say.
 */
export function parseValue(port: IPort, text: string): unknown {
  if (isText(port)) {
    return text;
  }
  const typed = text.trim();
  if (PYTHON_WORDS.has(typed)) {
    return PYTHON_WORDS.get(typed);
  }
  try {
    return JSON.parse(typed);
  } catch {
    return typed;
  }
}

/** What stands in an empty field. */
export function placeholder(port: IPort): string {
  if (port.default !== undefined) {
    return valueText(port, port.default);
  }
  return port.required === false ? 'optional' : 'needed';
}

/** 0.123 → "0.12 s", 75 → "1 min 15 s" */
export function elapsedText(seconds: number): string {
  if (seconds < 0.01) {
    return '< 0.01 s';
  }
  if (seconds < 10) {
    return `${seconds.toFixed(seconds < 1 ? 2 : 1)} s`;
  }
  const whole = Math.round(seconds);
  return whole < 60
    ? `${whole} s`
    : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}
