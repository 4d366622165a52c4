import { closeIcon } from '@jupyterlab/ui-components';

import { CommandIDs } from '../../tokens';
import { engineAction } from '../engineAction';

export const stopEngine = engineAction({
  command: CommandIDs.stopEngine,
  action: 'stop',
  icon: closeIcon,
  verb: trans => trans.__('Stop'),
  label: (trans, engine) =>
    engine === undefined
      ? trans.__('Stop an engine')
      : trans.__('Stop engine %1', engine),
  caption: trans => trans.__('End an engine; the others go on')
});
