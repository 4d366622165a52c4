import type { TranslationBundle } from '@jupyterlab/translation';
import { useEffect, useId, useState, type ReactNode } from 'react';

import { CommandIDs, type IClusterAction } from '../../tokens';
import type { IPython, IStartChoices, IStartOptions } from '../../api/types';
import {
  DialogBody,
  showModal,
  type IDialogProps
} from '../../components/dialog';
import { OperationBody } from '../../components/operation';
import { startIcon } from '../../components/icons';
import { parseCount } from '../../text/units';

/** The Pythons, that of the notebook in front first; where none is known, the server's own. */
export function sortedPythons(
  pythons: readonly IPython[],
  kernel: string | null
): IPython[] {
  const isOfNotebook = (python: IPython) =>
    kernel !== null && python.kernels.includes(kernel);
  return [
    ...pythons.filter(isOfNotebook),
    ...pythons.filter(python => !isOfNotebook(python))
  ];
}

function Field(props: {
  label: string;
  hint?: string;
  children: (id: string, described: string) => ReactNode;
}): JSX.Element {
  const id = useId();
  return (
    <div className="jp-parflow-Field">
      <label htmlFor={id}>{props.label}</label>
      {props.children(id, `${id}-hint`)}
      <p id={`${id}-hint`} className="jp-parflow-hint">
        {props.hint}
      </p>
    </div>
  );
}

function Choice(props: {
  label: string;
  hint?: string;
  value: string;
  options: [value: string, text: string][];
  choose: (value: string) => void;
}): JSX.Element {
  const { label, hint, value, options, choose } = props;
  return (
    <Field label={label} hint={hint}>
      {(id, described) => (
        <select
          id={id}
          className="jp-parflow-Input"
          aria-describedby={described}
          disabled={options.length === 0}
          value={value}
          onChange={event => choose(event.target.value)}
        >
          {options.map(([option, text]) => (
            <option key={option} value={option}>
              {text}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

interface IChosen {
  launcher: string;
  python: string;
}

/** Launcher and Python, as far as the server tells what there is. */
function Choices(props: {
  choices: IStartChoices | null;
  error: string | null;
  chosen: IChosen;
  choose: (changed: Partial<IChosen>) => void;
  kernel: string | null;
  trans: TranslationBundle;
}): JSX.Element {
  const { choices, error, chosen, choose, kernel, trans } = props;
  const waiting = error ?? trans.__('Reading what there is…');
  const launcher = choices?.launchers.find(
    ({ name }) => name === chosen.launcher
  );
  return (
    <>
      <Choice
        label={trans.__('Launcher')}
        hint={
          choices
            ? launcher?.note || trans.__('How the engines are started.')
            : waiting
        }
        value={chosen.launcher}
        options={(choices?.launchers ?? []).map(({ name, note }) => [
          name,
          note ? trans.__('%1 (not found here)', name) : name
        ])}
        choose={value => choose({ launcher: value })}
      />
      <Choice
        label={trans.__('Python')}
        hint={choices ? chosen.python : waiting}
        value={chosen.python}
        options={sortedPythons(choices?.pythons ?? [], kernel).map(python => [
          python.python,
          kernel !== null && python.kernels.includes(kernel)
            ? trans.__('%1, of the notebook in front', python.name)
            : python.name
        ])}
        choose={value => choose({ python: value })}
      />
    </>
  );
}

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
