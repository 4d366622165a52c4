import type { TranslationBundle } from '@jupyterlab/translation';
import { UseSignal } from '@jupyterlab/ui-components';

import type { IClusterInfo } from '../../api/types';
import {
  DialogBody,
  showModal,
  type IDialogProps
} from '../../components/dialog';
import {
  engineColumns,
  EnginesByHost,
  type IColumn
} from '../../components/engineTable';
import { informationIcon } from '../../components/icons';
import { Alert, Problems } from '../../components/problems';
import { State } from '../../components/state';
import { clusterName } from '../../text/cluster';
import { shown } from '../../text/units';
import { CommandIDs, type IClusterAction } from '../../tokens';

/** The columns of the sidebar, and all else that is known. */
function allColumns(trans: TranslationBundle): IColumn[] {
  const [id, state, completed, ...load] = engineColumns(trans);
  return [
    id,
    {
      name: trans.__('PID'),
      isNumber: true,
      cell: engine => shown(engine.pid)
    },
    { name: trans.__('System'), cell: engine => shown(engine.system) },
    { name: trans.__('Python'), cell: engine => shown(engine.python) },
    state,
    {
      name: trans.__('Queued'),
      isNumber: true,
      cell: engine => shown(engine.queued)
    },
    {
      ...completed,
      name: trans.__('Completed'),
      cell: engine => shown(engine.completed)
    },
    ...load,
    {
      name: trans.__('Started here'),
      cell: engine => (engine.started_here ? trans.__('yes') : trans.__('no'))
    }
  ];
}

function controllerText(
  { controller }: IClusterInfo,
  trans: TranslationBundle
): string {
  if (!controller) {
    return trans.__('none');
  }
  const origin = controller.started_here
    ? trans.__('started here')
    : trans.__('not started here');
  return trans.__(
    'PID %1 on %2, %3',
    shown(controller.pid),
    shown(controller.host),
    origin
  );
}

function Identity(props: {
  cluster: IClusterInfo;
  trans: TranslationBundle;
}): JSX.Element {
  const { cluster, trans } = props;
  return (
    <dl className="jp-parflow-Facts">
      <dt>{trans.__('Profile')}</dt>
      <dd>{clusterName(cluster)}</dd>
      <dt>{trans.__('State')}</dt>
      <dd>
        <State state={cluster.state} trans={trans} />
      </dd>
      <dt>{trans.__('Connected')}</dt>
      <dd>{cluster.connected ? trans.__('yes') : trans.__('no')}</dd>
      <dt>{trans.__('Controller')}</dt>
      <dd>{controllerText(cluster, trans)}</dd>
      <dt>{trans.__('Engines')}</dt>
      <dd>
        {trans.__(
          '%1, of which %2 started here',
          cluster.engines_total,
          cluster.engines_started_here
        )}
      </dd>
    </dl>
  );
}

function Information(props: IDialogProps): JSX.Element {
  const { model, trans, close } = props;
  const { cluster, error } = model;
  return (
    <DialogBody
      trans={trans}
      choices={[{ label: trans.__('Close'), choose: close }]}
    >
      {error && <Alert>{error.message}</Alert>}
      {cluster && (
        <>
          <Identity cluster={cluster} trans={trans} />
          <Problems problems={cluster.problems} />
          <div className="jp-parflow-Dialog-wide">
            <EnginesByHost
              engines={cluster.engines}
              columns={allColumns(trans)}
              trans={trans}
            />
          </div>
        </>
      )}
    </DialogBody>
  );
}

export function InformationDialog(props: IDialogProps): JSX.Element {
  return (
    <UseSignal signal={props.model.changed}>
      {() => <Information {...props} />}
    </UseSignal>
  );
}

export const showInformation: IClusterAction = {
  command: CommandIDs.showInformation,
  icon: informationIcon,
  label: trans => trans.__('Show information on the cluster'),
  caption: trans => trans.__('Show the controller and the engines by host'),
  args: { type: 'object', properties: {} },
  execute: async (model, trans) => {
    await model.refresh();
    await showModal(showInformation.label(trans), close => (
      <InformationDialog model={model} trans={trans} close={close} />
    ));
  }
};
