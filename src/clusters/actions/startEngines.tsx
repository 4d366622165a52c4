import { useId, useState } from 'react';

import { CommandIDs, type IClusterAction } from '../../tokens';
import {
  DialogBody,
  OperationBody,
  showModal,
  type IDialogProps
} from '../dialog';
import { startIcon } from '../icons';
import { parseCount } from '../texts';

export function StartDialog(props: IDialogProps): JSX.Element {
  const { model, trans, close } = props;
  const [text, setText] = useState('');
  const [id, setId] = useState<string | null>(null);
  const input = useId();
  if (id !== null) {
    return <OperationBody {...props} id={id} canCancel />;
  }
  const start = async () => {
    setId((await model.startEngines(parseCount(text))).id);
  };
  return (
    <DialogBody
      trans={trans}
      choices={[
        { label: trans.__('Cancel'), choose: close },
        { label: trans.__('Start'), kind: 'accept', choose: start }
      ]}
    >
      <label htmlFor={input}>{trans.__('Number of engines')}</label>
      <input
        id={input}
        className="jp-parflow-Input"
        // Not of type "number": that would swallow what is no number, and then
        // nobody could be told what was wrong with it.
        type="text"
        inputMode="numeric"
        autoComplete="off"
        value={text}
        placeholder={trans.__('one per available core')}
        aria-describedby={`${input}-hint`}
        onChange={event => setText(event.target.value)}
      />
      <p id={`${input}-hint`} className="jp-parflow-hint">
        {trans.__(
          'Leave it empty for one engine per available core. A controller is started too if none answers.'
        )}
      </p>
    </DialogBody>
  );
}

export const startEngines: IClusterAction = {
  command: CommandIDs.startEngines,
  icon: startIcon,
  label: trans => trans.__('Start new engine processes'),
  caption: trans => trans.__('Start engines, and a controller if none answers'),
  args: {
    type: 'object',
    properties: {
      n: {
        type: 'integer',
        minimum: 1,
        description: 'How many engines; without it, a dialog asks'
      }
    }
  },
  execute: async (model, trans, args) => {
    if (typeof args.n === 'number') {
      await model.startEngines(args.n);
      return;
    }
    await showModal(startEngines.label(trans), close => (
      <StartDialog model={model} trans={trans} close={close} />
    ));
  }
};
