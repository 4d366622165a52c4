/** How far a module is. */
import { elapsedText } from '../format';
import type { IModule, IModuleState, ModuleState } from '../wire';

const SYMBOLS: Record<ModuleState, string> = {
  waiting: '◌',
  running: '▶',
  done: '✓',
  failed: '✕',
  skipped: '⤼'
};

export function Progress(props: {
  module: IModule;
  state: IModuleState;
}): JSX.Element | null {
  const { module, state } = props;
  const { done, total } = state;
  if (
    !module.card.progress ||
    typeof done !== 'number' ||
    typeof total !== 'number'
  ) {
    return null;
  }
  const part = total > 0 ? done / total : 1;
  return (
    <div className="parflow-Progress">
      <div
        role="progressbar"
        aria-label={`progress of ${module.name}`}
        aria-valuemin={0}
        aria-valuemax={total}
        aria-valuenow={done}
        aria-valuetext={`${done} of ${total}`}
        className="jp-parflow-Progress"
      >
        <div style={{ width: `${Math.min(100, 100 * part)}%` }} />
      </div>
      <span>
        {done} of {total}
      </span>
    </div>
  );
}

export function State(props: { state: IModuleState }): JSX.Element {
  const { state, elapsed } = props.state;
  return (
    <span className="parflow-State" data-state={state}>
      <span aria-hidden="true">{SYMBOLS[state] ?? '?'}</span> {state}
      {typeof elapsed === 'number' && (
        <span className="parflow-State-time"> {elapsedText(elapsed)}</span>
      )}
    </span>
  );
}
