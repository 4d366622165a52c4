import { refreshIcon } from '@jupyterlab/ui-components';

import { CommandIDs } from '../../tokens';
import { engineAction } from '../engineAction';

export const restartEngine = engineAction({
  command: CommandIDs.restartEngine,
  action: 'restart',
  icon: refreshIcon,
  verb: trans => trans.__('Restart'),
  label: (trans, engine) =>
    engine === undefined
      ? trans.__('Restart an engine')
      : trans.__('Restart engine %1', engine),
  caption: trans => trans.__('End an engine and start another')
});
