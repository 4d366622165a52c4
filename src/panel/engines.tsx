/** The engines in the sidebar, by host. */
import type { TranslationBundle } from '@jupyterlab/translation';

import type { IClusterInfo } from '../api/types';
import { engineColumns, EnginesByHost } from '../components/engineTable';
import { Section } from '../components/section';
import { State } from '../components/state';
import { engineCount, steeredText } from '../text/engine';
import {
  CommandIDs,
  type IClustersModel,
  type IEngineActions
} from '../tokens';
import { EngineButtons, ENGINES_CLASS } from './engineButtons';
import type { Execute } from './execute';

/** The columns of the sidebar; the state says also what is being done to an engine. */
function columns(model: IClustersModel, trans: TranslationBundle) {
  const [id, state, ...others] = engineColumns(trans);
  return [
    id,
    {
      ...state,
      cell: (engine: IClusterInfo['engines'][0]) => {
        const action = model.steered.get(engine.id ?? -1);
        return (
          <State
            state={engine.state}
            trans={trans}
            text={action && steeredText(action, trans)}
            more={engine.exit?.meaning}
          />
        );
      }
    },
    ...others
  ];
}

interface IEnginesProps {
  model: IClustersModel;
  cluster: IClusterInfo;
  actions: IEngineActions;
  trans: TranslationBundle;
  execute: Execute;
}

function LogsLink(props: IEnginesProps): JSX.Element {
  const { trans, execute } = props;
  return (
    <button
      type="button"
      className="jp-parflow-Link"
      aria-label={trans.__('Show logs')}
      title={trans.__('Show the logs of controller and engines')}
      onClick={() => void execute(CommandIDs.showLog)}
    >
      {trans.__('Logs')}
    </button>
  );
}

function Table(props: IEnginesProps): JSX.Element {
  const { model, cluster, actions, trans, execute } = props;
  return (
    <div className={ENGINES_CLASS} tabIndex={-1}>
      <EnginesByHost
        engines={cluster.engines}
        columns={columns(model, trans)}
        trans={trans}
        actions={engine => (
          <EngineButtons
            engine={engine}
            actions={actions}
            isBusy={model.steered.has(engine.id ?? -1)}
            trans={trans}
            execute={execute}
          />
        )}
      />
    </div>
  );
}

export function Engines(props: IEnginesProps): JSX.Element {
  const { cluster, trans } = props;
  const hint = trans.__(
    '%1, %2 started here',
    engineCount(cluster.engines_total, trans),
    cluster.engines_started_here
  );
  const isEmpty = cluster.engines.length === 0;
  return (
    <Section
      title={trans.__('Engines')}
      hint={isEmpty ? undefined : hint}
      aside={<LogsLink {...props} />}
    >
      {isEmpty ? (
        <p className="jp-parflow-empty">
          {trans.__(
            'No engines yet. Start new engine processes to run maps in parallel.'
          )}
        </p>
      ) : (
        <Table {...props} />
      )}
    </Section>
  );
}
