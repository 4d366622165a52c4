/** What the sidebar shows: the actions, the cluster, its engines, running maps. */
import { Notification } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { useId, type ReactNode } from 'react';

import type { IClusterActions, IClustersModel } from '../tokens';
import type { IClusterInfo, IRun } from '../wire';
import {
  Alert,
  engineColumns,
  EnginesByHost,
  OperationProgress,
  Problems,
  Progress,
  State,
  useModel
} from './parts';
import { clusterName, engineCount } from './texts';

export interface IPanelProps {
  model: IClustersModel;
  actions: IClusterActions;
  trans: TranslationBundle;
  /** Run the command of an action. */
  execute: (command: string) => void;
}

function Header(props: {
  cluster: IClusterInfo;
  trans: TranslationBundle;
}): JSX.Element {
  const { cluster, trans } = props;
  const name = clusterName(cluster);
  return (
    <header className="jp-parflow-Header">
      <div className="jp-parflow-Header-name">
        <span className="jp-parflow-hint">{trans.__('Profile')}</span>
        <strong title={name}>{name}</strong>
      </div>
      <State state={cluster.state} trans={trans} isChip />
    </header>
  );
}

function Actions(props: IPanelProps): JSX.Element {
  const { actions, trans, execute } = props;
  return (
    <div
      role="group"
      aria-label={trans.__('Actions on the cluster')}
      className="jp-parflow-Actions"
    >
      {actions.map(action => (
        <button
          key={action.command}
          type="button"
          title={action.caption(trans)}
          className="jp-parflow-Action"
          onClick={() => execute(action.command)}
        >
          <action.icon.react tag="span" aria-hidden="true" />
          <span>{action.label(trans)}</span>
        </button>
      ))}
    </div>
  );
}

function Section(props: { title: string; children: ReactNode }): JSX.Element {
  const id = useId();
  return (
    <section aria-labelledby={id} className="jp-parflow-Section">
      <h3 id={id}>{props.title}</h3>
      {props.children}
    </section>
  );
}

function Engines(props: {
  cluster: IClusterInfo;
  trans: TranslationBundle;
}): JSX.Element {
  const { cluster, trans } = props;
  if (cluster.engines.length === 0) {
    return (
      <p className="jp-parflow-empty">
        {trans.__(
          'No engines yet. Start new engine processes to run maps in parallel.'
        )}
      </p>
    );
  }
  return (
    <>
      <p className="jp-parflow-hint">
        {trans.__(
          '%1, %2 started here',
          engineCount(cluster.engines_total, trans),
          cluster.engines_started_here
        )}
      </p>
      <EnginesByHost
        engines={cluster.engines}
        columns={engineColumns(trans)}
        trans={trans}
      />
    </>
  );
}

function Run(props: {
  run: IRun;
  model: IClustersModel;
  trans: TranslationBundle;
}): JSX.Element {
  const { run, model, trans } = props;
  const name = run.label || run.run;
  const stop = () => {
    model.stopRun(run.run).catch((error: Error) => {
      Notification.error(error.message, { autoClose: false });
    });
  };
  const done = run.done.toLocaleString();
  const count =
    run.total === null
      ? trans.__('%1 done', done)
      : trans.__('%1 of %2', done, run.total.toLocaleString());
  return (
    <li className="jp-parflow-Run">
      <div className="jp-parflow-Row">
        <span className="jp-parflow-Run-name" title={name}>
          {name}
        </span>
        <button
          type="button"
          className="jp-parflow-Button jp-parflow-mod-small"
          aria-label={trans.__('Stop %1', name)}
          disabled={run.state === 'stopping'}
          onClick={stop}
        >
          {trans.__('Stop')}
        </button>
      </div>
      <Progress
        label={trans.__('Progress of %1', name)}
        done={run.done}
        total={run.total}
      />
      <span className="jp-parflow-hint">
        {[
          count,
          run.failed ? trans.__('%1 failed', run.failed) : null,
          run.state === 'stopping' ? trans.__('stopping') : run.scheme
        ]
          .filter(Boolean)
          .join(' · ')}
      </span>
    </li>
  );
}

export function PanelBody(props: IPanelProps): JSX.Element {
  const { trans } = props;
  const model = useModel(props.model);
  const { cluster, error, runs } = model;
  return (
    <div className="jp-parflow-Body">
      {cluster && <Header cluster={cluster} trans={trans} />}
      <Actions {...props} />
      {error && <Alert>{error.message}</Alert>}
      {model.operations.map(operation => (
        <OperationProgress
          key={operation.id}
          operation={operation}
          trans={trans}
        />
      ))}
      {cluster && cluster.problems.length > 0 && (
        <Section title={trans.__('Problems')}>
          <Problems problems={cluster.problems} />
        </Section>
      )}
      {cluster && (
        <Section title={trans.__('Engines')}>
          <Engines cluster={cluster} trans={trans} />
        </Section>
      )}
      {runs && (
        <Section title={trans.__('Running maps')}>
          {runs.length === 0 ? (
            <p className="jp-parflow-empty">{trans.__('No map is running.')}</p>
          ) : (
            <ul className="jp-parflow-Runs">
              {runs.map(run => (
                <Run key={run.run} run={run} model={model} trans={trans} />
              ))}
            </ul>
          )}
        </Section>
      )}
    </div>
  );
}
