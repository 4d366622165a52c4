import { Notification } from '@jupyterlab/apputils';

import { parflowIcon } from '../../components/icons';
import { CommandIDs, type IClusterAction } from '../../tokens';

export const adopt: IClusterAction = {
  command: CommandIDs.adopt,
  icon: parflowIcon,
  label: trans => trans.__('Adopt what was left running'),
  caption: trans =>
    trans.__('Take over what belongs to nobody; it ends with this server'),
  args: { type: 'object', properties: {} },
  execute: async (model, trans) => {
    await model.adopt();
    Notification.success(trans.__('Adopted: it now counts as started here.'), {
      autoClose: 5000
    });
  }
};
