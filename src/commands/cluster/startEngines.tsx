import { useEffect, useState } from 'react';

import type { IStartChoices, IStartOptions } from '../../api/types';
import {
  DialogBody,
  type IDialogProps,
  showModal
} from '../../components/dialog';
import { startIcon } from '../../components/icons';
import { OperationBody } from '../../components/operation';
import { parseCount } from '../../text/units';
import { CommandIDs, type IClusterAction } from '../../tokens';
import { Choices, Field, type IChosen, sortedPythons } from '../startChoices';

export function StartDialog(props: IDialogProps): JSX.Element {
  const { model, trans, close } = props;
  const [text, setText] = useState('');
  const [id, setId] = useState<string | null>(null);
  const [kernel] = useState(() => model.activeKernel());
  const [choices, setChoices] = useState<IStartChoices | null>(null);
  const [error, setError] = useState<string | null>(null);
  const [chosen, setChosen] = useState<IChosen>({ launcher: '', python: '' });
  useEffect(() => {
    model.startChoices().then(
      found => {
        setChoices(found);
        const [first] = sortedPythons(found.pythons, kernel);
        setChosen({ launcher: found.launcher, python: first?.python ?? '' });
      },
      (reason: Error) => setError(reason.message)
    );
  }, [model, kernel]);
  if (id !== null) {
    return <OperationBody {...props} id={id} canCancel />;
  }
  const start = async () => {
    const options: IStartOptions = {};
    // What the server takes by itself is left to it: so a profile's own choice stays in force.
    if (choices && chosen.launcher !== choices.launcher) {
      options.launcher = chosen.launcher;
    }
    if (choices && chosen.python !== choices.pythons[0]?.python) {
      options.python = chosen.python;
    }
    setId((await model.startEngines(parseCount(text), options)).id);
  };
  return (
    <DialogBody
      trans={trans}
      choices={[
        { label: trans.__('Cancel'), choose: close },
        { label: trans.__('Start'), kind: 'accept', choose: start }
      ]}
    >
      <Field
        label={trans.__('Number of engines')}
        hint={
          choices
            ? trans.__(
                'Empty: %1, one per available core. At most %2. A controller is started too if none answers.',
                choices.default,
                choices.limit
              )
            : trans.__(
                'Empty: one per available core. A controller is started too if none answers.'
              )
        }
      >
        {(input, described) => (
          <input
            id={input}
            className="jp-parflow-Input"
            // Not of type "number": that would swallow what is no number, and then
            // nobody could be told what was wrong with it.
            type="text"
            inputMode="numeric"
            autoComplete="off"
            autoFocus
            value={text}
            placeholder={
              choices
                ? String(choices.default)
                : trans.__('one per available core')
            }
            aria-describedby={described}
            onChange={event => setText(event.target.value)}
          />
        )}
      </Field>
      <Choices
        choices={choices}
        error={error}
        chosen={chosen}
        choose={changed => setChosen({ ...chosen, ...changed })}
        kernel={kernel}
        trans={trans}
      />
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
