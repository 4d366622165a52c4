/** What becomes of the processes that were started here: asked before a cleanup and a change of profile. */
import type { TranslationBundle } from '@jupyterlab/translation';

import type { CleanupMode, IClusterInfo } from '../api/types';
import type { IChoice } from '../components/dialog';
import { startedHere } from '../text/cluster';
import { fateOfOthers } from '../text/others';

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
