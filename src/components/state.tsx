import type { TranslationBundle } from '@jupyterlab/translation';

import type { ClusterState, EngineState } from '../api/types';
import { stateSymbol, stateText } from '../text/state';

export function State(props: {
  state: ClusterState | EngineState;
  trans: TranslationBundle;
  /** Stands there instead of the state's own name. */
  text?: string;
  /** What else is known, for who points at it. */
  more?: string;
  isChip?: boolean;
}): JSX.Element {
  const { state, trans, more, isChip } = props;
  const text = props.text ?? stateText(state, trans);
  return (
    <span
      className={`jp-parflow-State ${isChip ? 'jp-parflow-mod-chip' : ''}`}
      data-state={state}
      title={more ? `${text}: ${more}` : text}
    >
      <span aria-hidden="true" className="jp-parflow-State-symbol">
        {stateSymbol(state)}
      </span>
      {text}
    </span>
  );
}
