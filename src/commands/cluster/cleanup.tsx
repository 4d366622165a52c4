import type { TranslationBundle } from '@jupyterlab/translation';
import { useState } from 'react';

import type { ICleanupReport, IClusterInfo } from '../../api/types';
import {
  DialogBody,
  type IDialogProps,
  showModal
} from '../../components/dialog';
import { cleanupIcon } from '../../components/icons';
import { Alert, Problems } from '../../components/problems';
import { startedHere } from '../../text/cluster';
import { outcomeText } from '../../text/operation';
import { shown } from '../../text/units';
import { CommandIDs, type IClusterAction } from '../../tokens';
import { cleanupChoices, CleanupQuestion } from '../cleanupQuestion';

function Report(props: {
  report: ICleanupReport;
  trans: TranslationBundle;
}): JSX.Element {
  const { report, trans } = props;
  if (report.processes.length === 0) {
    return <p>{trans.__('No process was left to clean up.')}</p>;
  }
  return (
    <table className="jp-parflow-Table">
      <thead>
        <tr>
          <th scope="col">{trans.__('Process')}</th>
          <th scope="col" data-number>
            {trans.__('PID')}
          </th>
          <th scope="col">{trans.__('Host')}</th>
          <th scope="col">{trans.__('Outcome')}</th>
        </tr>
      </thead>
      <tbody>
        {report.processes.map((process, index) => (
          <tr key={index}>
            <td>
              {process.kind === 'controller'
                ? trans.__('controller')
                : trans.__('engine %1', shown(process.id))}
            </td>
            <td data-number>{shown(process.pid)}</td>
            <td>{shown(process.host)}</td>
            <td>{outcomeText(process.outcome, trans)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

export function CleanupDialog(
  props: IDialogProps & { cluster: IClusterInfo | null }
): JSX.Element {
  const { model, trans, close, cluster } = props;
  const [report, setReport] = useState<ICleanupReport | null>(null);
  const closing = { label: trans.__('Close'), choose: close };
  const cancel = { label: trans.__('Cancel'), choose: close };
  if (report) {
    return (
      <DialogBody trans={trans} choices={[closing]}>
        <Report report={report} trans={trans} />
        <Problems problems={report.problems} />
      </DialogBody>
    );
  }
  const started = cluster ? startedHere(cluster, trans) : '';
  const choices = cleanupChoices(cluster, trans, async mode =>
    setReport(await model.cleanup(mode))
  );
  return (
    <DialogBody
      trans={trans}
      choices={started ? [cancel, ...choices] : [closing]}
    >
      {model.error && <Alert>{model.error.message}</Alert>}
      {cluster && started && (
        <CleanupQuestion cluster={cluster} trans={trans} />
      )}
      {cluster && !started && (
        <p>
          {trans.__(
            'No process was started here, so there is nothing to clean up.'
          )}
        </p>
      )}
    </DialogBody>
  );
}

export const cleanup: IClusterAction = {
  command: CommandIDs.cleanup,
  icon: cleanupIcon,
  label: trans => trans.__('Cleanup started processes'),
  caption: trans =>
    trans.__('Terminate what was started here, or leave it running'),
  args: { type: 'object', properties: {} },
  execute: async (model, trans) => {
    const cluster = await model.clusterWithOwners();
    await showModal(cleanup.label(trans), close => (
      <CleanupDialog
        model={model}
        trans={trans}
        close={close}
        cluster={cluster}
      />
    ));
  }
};
