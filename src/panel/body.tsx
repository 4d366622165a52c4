/** What the sidebar shows: the actions, the cluster, its engines, the schemes, running maps. */
import type { TranslationBundle } from '@jupyterlab/translation';
import { UseSignal } from '@jupyterlab/ui-components';
import { useState } from 'react';

import { Adoption } from './adoption';
import { Engines } from './engines';
import type { Execute } from './execute';
import { Runs } from './runs';
import { Toolbox } from './schemes';
import type { IClusterInfo } from '../api/types';
import { OperationProgress } from '../components/operation';
import { Alert, Problems } from '../components/problems';
import { Section } from '../components/section';
import { State } from '../components/state';
import { otherProblems } from '../text/adoption';
import { clusterName } from '../text/cluster';
import type {
  IClusterActions,
  IClustersModel,
  IEngineActions
} from '../tokens';

export interface IPanelProps {
  model: IClustersModel;
  actions: IClusterActions;
  engineActions: IEngineActions;
  trans: TranslationBundle;
  execute: Execute;
}

function Header(props: {
  cluster: IClusterInfo;
  isConnected: boolean;
  trans: TranslationBundle;
}): JSX.Element {
  const { cluster, isConnected, trans } = props;
  const name = clusterName(cluster);
  return (
    <header className="jp-parflow-Header">
      <div className="jp-parflow-Header-name">
        <span className="jp-parflow-hint">{trans.__('Profile')}</span>
        <strong title={name}>{name}</strong>
      </div>
      <State
        state={isConnected ? cluster.state : 'unknown'}
        text={isConnected ? undefined : trans.__('no connection')}
        trans={trans}
        isChip
      />
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
          onClick={() => void execute(action.command)}
        >
          <action.icon.react tag="span" aria-hidden="true" />
          <span>{action.label(trans)}</span>
        </button>
      ))}
    </div>
  );
}

/** Why what is shown may be out of date, and a way to look again. */
function Stale(props: {
  model: IClustersModel;
  trans: TranslationBundle;
}): JSX.Element | null {
  const { model, trans } = props;
  const [isBusy, setBusy] = useState(false);
  const { error, isConnected } = model;
  if (error === null) {
    return null;
  }
  if (isConnected) {
    return <Alert>{error.message}</Alert>;
  }
  const retry = async () => {
    setBusy(true);
    await model.refresh();
    setBusy(false);
  };
  return (
    <div role="alert" className="jp-parflow-Alert jp-parflow-mod-stale">
      <strong>{trans.__('No connection')}</strong>
      <p>{error.message}</p>
      <p className="jp-parflow-hint">
        {trans.__(
          'What stands below was true before. It is asked for again by itself.'
        )}
      </p>
      <button
        type="button"
        className="jp-parflow-Button jp-parflow-mod-small"
        disabled={isBusy}
        onClick={() => void retry()}
      >
        {trans.__('Try now')}
      </button>
    </div>
  );
}

function Cluster(props: IPanelProps): JSX.Element | null {
  const { model, trans, execute } = props;
  const { cluster, schemes, error } = model;
  const problems = cluster ? otherProblems(cluster) : [];
  return (
    // What may be out of date is dimmed, and nobody is read it as if it were true.
    <div
      className="jp-parflow-Now"
      {...(error ? { inert: '', 'aria-hidden': true } : {})}
    >
      {cluster && (
        <Adoption cluster={cluster} trans={trans} execute={execute} />
      )}
      {problems.length > 0 && (
        <Section title={trans.__('Problems')}>
          <Problems problems={problems} />
        </Section>
      )}
      {cluster && (
        <Engines
          model={model}
          cluster={cluster}
          actions={props.engineActions}
          trans={trans}
          execute={execute}
        />
      )}
      {schemes && <Toolbox model={model} schemes={schemes} trans={trans} />}
      <Runs model={model} trans={trans} />
    </div>
  );
}

function Body(props: IPanelProps): JSX.Element {
  const { model, trans } = props;
  const { cluster, isConnected } = model;
  return (
    <div className="jp-parflow-Body">
      {cluster && (
        <Header cluster={cluster} isConnected={isConnected} trans={trans} />
      )}
      <Actions {...props} />
      <Stale model={model} trans={trans} />
      {model.operations.map(operation => (
        <OperationProgress
          key={operation.id}
          operation={operation}
          trans={trans}
        />
      ))}
      <Cluster {...props} />
    </div>
  );
}

export function PanelBody(props: IPanelProps): JSX.Element {
  return (
    <UseSignal signal={props.model.changed}>
      {() => <Body {...props} />}
    </UseSignal>
  );
}
