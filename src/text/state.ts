/** States of clusters, engines and runs, as a word and as a sign. */
import type { TranslationBundle } from '@jupyterlab/translation';

import type { ClusterState, EngineState } from '../api/types';

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
