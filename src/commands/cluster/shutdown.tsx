import type { TranslationBundle } from '@jupyterlab/translation';
import { useState } from 'react';

import type { IClusterInfo } from '../../api/types';
import {
  DialogBody,
  showModal,
  type IDialogProps
} from '../../components/dialog';
import { shutdownIcon } from '../../components/icons';
import { OperationBody } from '../../components/operation';
import { Alert } from '../../components/problems';
import { clusterName } from '../../text/cluster';
import { engineCount } from '../../text/engine';
import { enginesOfOthers, whose } from '../../text/others';
import { CommandIDs, type IClusterAction } from '../../tokens';

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
  const others = enginesOfOthers(cluster);
  if (others.length > 0) {
    lines.push(
      trans.__(
        'Not all of it was started here: others may be using %1: %2.',
        engineCount(others.length, trans),
        whose(others, trans)
      )
    );
  } else if (!cluster.controller?.started_here) {
    lines.push(
      trans.__('The controller was not started here: others may be using it.')
    );
  }
  return lines;
}

export function ShutdownDialog(
  // What is asked about must not change while it is read.
  props: IDialogProps & { cluster: IClusterInfo | null }
): JSX.Element {
  const { model, trans, close, cluster } = props;
  const [id, setId] = useState<string | null>(null);
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
    const cluster = await model.clusterWithOwners();
    await showModal(shutdown.label(trans), close => (
      <ShutdownDialog
        model={model}
        trans={trans}
        close={close}
        cluster={cluster}
      />
    ));
  }
};
