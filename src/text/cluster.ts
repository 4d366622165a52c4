/** What people read, made from what the server says. No DOM. */
import type { TranslationBundle } from '@jupyterlab/translation';

import type {
  ClusterState,
  EngineState,
  ICleanedProcess,
  IClusterInfo,
  IEngine,
  IOperation,
  IScheme
} from '../api/types';

type AnyState = ClusterState | EngineState | 'done' | 'cancelled' | 'lost';

const STATE_SYMBOLS: Record<AnyState, string> = {
  done: '✓',
  cancelled: '⊘',
  lost: '?',
  stopped: '○',
  starting: '◔',
  running: '●',
  stopping: '◔',
  failed: '✕',
  idle: '○',
  busy: '●',
  unresponsive: '▲',
  dead: '✕',
  unknown: '?'
};

/** A sign that stands beside the text of a state, for those who see it. */
export function stateSymbol(state: AnyState): string {
  return STATE_SYMBOLS[state] ?? '?';
}

export function stateText(
  state: ClusterState | EngineState,
  trans: TranslationBundle
): string {
  const texts: Record<ClusterState | EngineState, string> = {
    stopped: trans.__('stopped'),
    starting: trans.__('starting'),
    running: trans.__('running'),
    stopping: trans.__('stopping'),
    failed: trans.__('failed'),
    idle: trans.__('idle'),
    busy: trans.__('busy'),
    unresponsive: trans.__('unresponsive'),
    dead: trans.__('dead'),
    unknown: trans.__('unknown')
  };
  return texts[state] ?? state;
}

export function outcomeText(
  outcome: ICleanedProcess['outcome'],
  trans: TranslationBundle
): string {
  const texts: Record<ICleanedProcess['outcome'], string> = {
    terminated: trans.__('terminated'),
    killed: trans.__('killed'),
    'left running': trans.__('left running'),
    'already gone': trans.__('already gone')
  };
  return texts[outcome] ?? outcome;
}

/** What stands where a value is not known. */
const NOTHING = '–';

export function shown(value: number | string | null | undefined): string {
  return value === null || value === undefined ? NOTHING : String(value);
}

/** 1234 → "1.2 k": what fits a narrow column. */
export function compact(value: number | null | undefined): string {
  if (typeof value !== 'number' || value < 1000) {
    return shown(value);
  }
  const [size, unit] = value < 1e6 ? [value / 1e3, 'k'] : [value / 1e6, 'M'];
  // Never rounded up: what is not done yet must not be counted.
  const whole = size < 10 ? Math.floor(size * 10) / 10 : Math.floor(size);
  return `${whole} ${unit}`;
}

export function percent(value: number | null | undefined): string {
  return typeof value === 'number' ? `${Math.round(value)} %` : NOTHING;
}

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];

/** 123456789 → "123 MB". */
export function bytes(value: number | null | undefined): string {
  if (typeof value !== 'number') {
    return NOTHING;
  }
  let size = value;
  let unit = 0;
  while (Math.round(size) >= 1000 && unit < UNITS.length - 1) {
    size /= 1000;
    unit += 1;
  }
  const digits = unit > 0 && size < 9.95 ? 1 : 0;
  return `${size.toFixed(digits)} ${UNITS[unit]}`;
}

/** The scheme that a map takes which any of them could run; null for none. */
export function firstChoice(schemes: readonly IScheme[]): string | null {
  const able = schemes.find(({ enabled, slots }) => enabled && slots > 0);
  return able?.name ?? null;
}

/** Engines by host, hosts in the order of their first engine. */
export function byHost(engines: readonly IEngine[]): [string, IEngine[]][] {
  const hosts = new Map<string, IEngine[]>();
  for (const engine of engines) {
    const host = engine.host ?? NOTHING;
    const there = hosts.get(host);
    if (there) {
      there.push(engine);
    } else {
      hosts.set(host, [engine]);
    }
  }
  return [...hosts];
}

/** The profile, and the cluster id where it is not the default one. */
export function clusterName(cluster: IClusterInfo): string {
  return cluster.cluster_id
    ? `${cluster.profile} / ${cluster.cluster_id}`
    : cluster.profile;
}

export function engineCount(n: number, trans: TranslationBundle): string {
  return trans._n('%1 engine', '%1 engines', n);
}

/** "2 engines and the controller"; empty where nothing was started here. */
export function startedHere(
  cluster: IClusterInfo,
  trans: TranslationBundle
): string {
  const engines = cluster.engines_started_here;
  if (cluster.controller?.started_here) {
    return engines > 0
      ? trans.__('%1 and the controller', engineCount(engines, trans))
      : trans.__('the controller');
  }
  return engines > 0 ? engineCount(engines, trans) : '';
}

/** How far an operation is, in words. */
export function progressOf(
  operation: IOperation,
  trans: TranslationBundle
): string {
  return operation.kind === 'start-engines'
    ? trans.__('%1 of %2 engines', operation.done, operation.total)
    : trans.__('Shutting down…');
}

export interface IOutcome {
  message: string;
  type: 'success' | 'warning' | 'error' | 'info';
}

/** How an operation ended, in one sentence. */
export function outcomeOf(
  operation: IOperation,
  trans: TranslationBundle
): IOutcome {
  const isStart = operation.kind === 'start-engines';
  if (operation.state === 'cancelled') {
    const message = isStart
      ? trans.__('The start of engines was cancelled.')
      : trans.__('The shutdown was cancelled.');
    return { message, type: 'info' };
  }
  if (operation.state === 'failed') {
    const message = operation.error?.message || operation.message;
    const fallback = isStart
      ? trans.__('The engines did not start.')
      : trans.__('The cluster did not shut down.');
    return { message: message || fallback, type: 'error' };
  }
  if (!isStart) {
    return { message: trans.__('The cluster was shut down.'), type: 'success' };
  }
  const { done, total } = operation;
  return done < total || operation.problems.length > 0
    ? {
        message: trans.__('%1 of %2 engines started.', done, total),
        type: 'warning'
      }
    : {
        message: trans._n('%1 engine started.', '%1 engines started.', done),
        type: 'success'
      };
}

/**
 * What was typed as a number of engines, as JSON value; nothing means null.
 *
 * Only the server knows which numbers are fine, so what is no number goes there
 * as it was typed, and its answer names it.
 */
export function parseCount(text: string): number | string | null {
  const typed = text.trim();
  if (typed === '') {
    return null;
  }
  return /^[+-]?(\d+\.?\d*|\.\d+)$/.test(typed) ? Number(typed) : typed;
}
