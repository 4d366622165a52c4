import type { TranslationBundle } from '@jupyterlab/translation';
import { useState } from 'react';

import { CommandIDs, type IClusterAction } from '../../tokens';
import type {
  CleanupMode,
  ICleanupReport,
  IClusterInfo
} from '../../api/types';
import {
  DialogBody,
  showModal,
  type IChoice,
  type IDialogProps
} from '../../components/dialog';
import { cleanupIcon } from '../../components/icons';
import { Alert, Problems } from '../../components/problems';
import { fateOfOthers } from '../../text/others';
import { startedHere } from '../../text/cluster';
import { outcomeText } from '../../text/operation';
import { shown } from '../../text/units';

/** The two things that can become of what was started here. */
export function cleanupChoices(
  cluster: IClusterInfo | null,
  trans: TranslationBundle,
  choose: (mode: CleanupMode) => Promise<void>
): IChoice[] {
  return [
    {
      label: trans.__('Leave running'),
      unavailable: cluster?.detach_refused,
      choose: () => choose('detach')
    },
    {
      label: trans.__('Terminate'),
      kind: 'warn',
      choose: () => choose('terminate')
    }
  ];
}

/** What was started here, and what each choice means for it. */
export function CleanupQuestion(props: {
  cluster: IClusterInfo;
  trans: TranslationBundle;
}): JSX.Element {
  const { cluster, trans } = props;
  const fate = fateOfOthers(cluster, trans);
  return (
    <>
      <p>{trans.__('Started here: %1.', startedHere(cluster, trans))}</p>
      <p>
        {trans.__('Terminate ends them, and work that runs there is lost.')}{' '}
        {cluster.detach_refused
          ? trans.__(
              'They can not be left running here: %1.',
              cluster.detach_refused
            )
          : trans.__(
              'Leave running keeps them alive, also after this server ends.'
            )}
      </p>
      {fate && <p className="jp-parflow-Warning">{fate}</p>}
    </>
  );
}

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
      choices={
        started
          ? [{ label: trans.__('Cancel'), choose: close }, ...choices]
          : [closing]
      }
    >
      {model.error && <Alert>{model.error.message}</Alert>}
      {cluster && started ? (
        <CleanupQuestion cluster={cluster} trans={trans} />
      ) : (
        cluster && (
          <p>
            {trans.__(
              'No process was started here, so there is nothing to clean up.'
            )}
          </p>
        )
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
