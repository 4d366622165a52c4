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
import {
  CommandIDs,
  type IClusterAction,
  type IClustersModel
} from '../../tokens';
import { Choices, Count, sortedPythons, type IChosen } from '../startChoices';

/** What there is to choose from as far as it was read, and what is chosen. */
function useChoices(model: IClustersModel) {
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
  const choose = (changed: Partial<IChosen>) =>
    setChosen({ ...chosen, ...changed });
  return { kernel, choices, error, chosen, choose };
}

/** What the server takes by itself is left to it: so a profile's own choice stays in force. */
function optionsOf(
  chosen: IChosen,
  choices: IStartChoices | null
): IStartOptions {
  const options: IStartOptions = {};
  if (choices && chosen.launcher !== choices.launcher) {
    options.launcher = chosen.launcher;
  }
  if (choices && chosen.python !== choices.pythons[0]?.python) {
    options.python = chosen.python;
  }
  return options;
}

export function StartDialog(props: IDialogProps): JSX.Element {
  const { model, trans, close } = props;
  const [text, setText] = useState('');
  const [id, setId] = useState<string | null>(null);
  const known = useChoices(model);
  const { choices, chosen } = known;
  if (id !== null) {
    return <OperationBody {...props} id={id} canCancel />;
  }
  const start = async () => {
    const options = optionsOf(chosen, choices);
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
      <Count text={text} setText={setText} choices={choices} trans={trans} />
      <Choices {...known} trans={trans} />
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
