/** What people read about engines. */
import type { TranslationBundle } from '@jupyterlab/translation';

import { stateText } from './state';
import { NOTHING } from './units';
import type { EngineAction, IEngine } from '../api/types';

/** What is being done to an engine. */
export function steeredText(
  action: EngineAction,
  trans: TranslationBundle
): string {
  return {
    interrupt: trans.__('interrupting'),
    restart: trans.__('restarting'),
    stop: trans.__('stopping')
  }[action];
}

/** What an action on an engine costs, to be confirmed; null where nothing is lost. */
export function whatIsLost(
  engine: IEngine,
  action: EngineAction,
  trans: TranslationBundle
): string | null {
  const lines: string[] = [];
  if (!engine.started_here) {
    lines.push(
      engine.owner
        ? trans.__('It was started for the %1, not here.', engine.owner)
        : trans.__('It was not started here: others may be using it.')
    );
  }
  if (action !== 'interrupt') {
    if (engine.state === 'busy' || engine.queued) {
      lines.push(
        trans.__(
          'The task that it runs is lost, and what is kept in its memory. A map runs its items again elsewhere.'
        )
      );
    } else if (engine.state !== 'idle') {
      lines.push(
        trans.__(
          'It is %1: what it may be running is lost.',
          stateText(engine.state, trans)
        )
      );
    }
  }
  return lines.length > 0 ? lines.join(' ') : null;
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

export function engineCount(n: number, trans: TranslationBundle): string {
  return trans._n('%1 engine', '%1 engines', n);
}
