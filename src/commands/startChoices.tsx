/** What a start of engines can choose from. */
import type { TranslationBundle } from '@jupyterlab/translation';
import { type ReactNode, useId } from 'react';

import type { IPython, IStartChoices } from '../api/types';

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

export function Field(props: {
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

export interface IChosen {
  launcher: string;
  python: string;
}

/** Launcher and Python, as far as the server tells what there is. */
export function Choices(props: {
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
