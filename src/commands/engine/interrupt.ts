import { stopIcon } from '@jupyterlab/ui-components';

import { CommandIDs } from '../../tokens';
import { engineAction } from '../engineAction';

export const interruptEngine = engineAction({
  command: CommandIDs.interruptEngine,
  action: 'interrupt',
  icon: stopIcon,
  verb: trans => trans.__('Interrupt'),
  label: (trans, engine) =>
    engine === undefined
      ? trans.__('Interrupt an engine')
      : trans.__('Interrupt engine %1', engine),
  caption: trans => trans.__('Interrupt what an engine runs')
});
