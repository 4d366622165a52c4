/** The engines in the sidebar, by host, and what can be done to each. */
import { Notification } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { useState } from 'react';

import type { IClustersModel } from '../tokens';
import type { IClusterInfo, IProblem } from '../api/types';
import { EngineActions, ENGINES_CLASS } from './engineActions';
import { adoption } from '../text/adoption';
import { steeredText } from '../text/engine';
import { engineColumns, EnginesByHost } from '../components/engineTable';
import { Alert } from '../components/problems';
import { State } from '../components/state';
import { Section } from '../components/section';
import { engineCount } from '../text/engine';

/** When what was left running ends by itself, in the server's words. */
function leaseOf(problem: IProblem): string {
  const [, lease = ''] = problem.fix.split('; ');
  return lease && `${lease[0].toUpperCase()}${lease.slice(1)}.`;
}

/** Offers what a former server, or somebody on purpose, left running. */
export function Adoption(props: {
  model: IClustersModel;
  cluster: IClusterInfo;
  trans: TranslationBundle;
}): JSX.Element | null {
  const { model, cluster, trans } = props;
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const problem = adoption(cluster);
  if (problem === null) {
    return null;
  }
  const adopt = async () => {
    setBusy(true);
    setError(null);
    try {
      await model.adopt();
      Notification.success(
        trans.__('Adopted: it now counts as started here.'),
        { autoClose: 5000 }
      );
    } catch (reason) {
      setError((reason as Error).message);
    }
    setBusy(false);
  };
  return (
    <div
      role="group"
      aria-label={trans.__('Left running')}
      className="jp-parflow-Notice"
    >
      <p>{problem.what}</p>
      <p className="jp-parflow-hint">
        {trans.__(
          'What is adopted counts as started here, and ends with this server.'
        )}{' '}
        {leaseOf(problem)}
      </p>
      {error && <Alert>{error}</Alert>}
      <button
        type="button"
        className="jp-parflow-Button jp-parflow-mod-small"
        disabled={isBusy}
        onClick={() => void adopt()}
      >
        {trans.__('Adopt')}
      </button>
    </div>
  );
}

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

export function Engines(props: {
  model: IClustersModel;
  cluster: IClusterInfo;
  trans: TranslationBundle;
  showLog: (engine: number | null) => void;
}): JSX.Element {
  const { model, cluster, trans, showLog } = props;
  const { engines } = cluster;
  return (
    <Section
      title={trans.__('Engines')}
      hint={
        engines.length > 0
          ? trans.__(
              '%1, %2 started here',
              engineCount(cluster.engines_total, trans),
              cluster.engines_started_here
            )
          : undefined
      }
      aside={
        <button
          type="button"
          className="jp-parflow-Link"
          aria-label={trans.__('Show logs')}
          title={trans.__('Show the logs of controller and engines')}
          onClick={() => showLog(null)}
        >
          {trans.__('Logs')}
        </button>
      }
    >
      {engines.length === 0 ? (
        <p className="jp-parflow-empty">
          {trans.__(
            'No engines yet. Start new engine processes to run maps in parallel.'
          )}
        </p>
      ) : (
        <div className={ENGINES_CLASS} tabIndex={-1}>
          <EnginesByHost
            engines={engines}
            columns={columns(model, trans)}
            trans={trans}
            actions={engine => (
              <EngineActions
                engine={engine}
                model={model}
                trans={trans}
                showLog={showLog}
              />
            )}
          />
        </div>
      )}
    </Section>
  );
}
