import type { TranslationBundle } from '@jupyterlab/translation';
import { useState } from 'react';

import { CommandIDs, type IClusterAction } from '../../tokens';
import type { IClusterInfo } from '../../wire';
import {
  DialogBody,
  OperationBody,
  showModal,
  type IDialogProps
} from '../dialog';
import { shutdownIcon } from '../icons';
import { Alert } from '../parts';
import { clusterName, engineCount } from '../texts';

/** What a shutdown will end, in words. */
export function consequence(
  cluster: IClusterInfo,
  trans: TranslationBundle
): string[] {
  const name = clusterName(cluster);
  if (!cluster.controller && cluster.engines_total === 0) {
    return [
      trans.__('No cluster of profile "%1" is running.', name),
      trans.__('There is nothing to shut down.')
    ];
  }
  const lines = [
    trans.__(
      'This ends the controller and %1 of profile "%2". Work that runs there is lost.',
      engineCount(cluster.engines_total, trans),
      name
    )
  ];
  const others = cluster.engines_total - cluster.engines_started_here;
  if (others > 0 || !cluster.controller?.started_here) {
    lines.push(
      trans.__(
        'Not all of it was started here: others may be using %1.',
        others > 0 ? engineCount(others, trans) : trans.__('this controller')
      )
    );
  }
  return lines;
}

export function ShutdownDialog(props: IDialogProps): JSX.Element {
  const { model, trans, close } = props;
  const [id, setId] = useState<string | null>(null);
  // What is asked about must not change while it is read.
  const [cluster] = useState(model.cluster);
  if (id !== null) {
    return <OperationBody {...props} id={id} />;
  }
  const isRunning = cluster?.controller || cluster?.engines_total;
  const cancel = { label: trans.__('Cancel'), choose: close };
  return (
    <DialogBody
      trans={trans}
      choices={
        isRunning
          ? [
              cancel,
              {
                label: trans.__('Shut down'),
                kind: 'warn',
                choose: async () => setId((await model.shutdown()).id)
              }
            ]
          : [{ label: trans.__('Close'), choose: close }]
      }
    >
      {model.error && <Alert>{model.error.message}</Alert>}
      {cluster &&
        consequence(cluster, trans).map(line => <p key={line}>{line}</p>)}
    </DialogBody>
  );
}

export const shutdown: IClusterAction = {
  command: CommandIDs.shutdown,
  icon: shutdownIcon,
  label: trans => trans.__('Request cluster shutdown'),
  caption: trans =>
    trans.__('Ask the controller to end itself and all its engines'),
  args: { type: 'object', properties: {} },
  execute: async (model, trans) => {
    await model.refresh();
    await showModal(shutdown.label(trans), close => (
      <ShutdownDialog model={model} trans={trans} close={close} />
    ));
  }
};
