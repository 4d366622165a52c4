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

export interface IChosen {
  launcher: string;
  python: string;
}

export function Count(props: {
  text: string;
  setText: (text: string) => void;
  choices: IStartChoices | null;
  trans: TranslationBundle;
}): JSX.Element {
  const { text, setText, choices, trans } = props;
  const hint = choices
    ? trans.__(
        'Empty: %1, one per available core. At most %2. A controller is started too if none answers.',
        choices.default,
        choices.limit
      )
    : trans.__(
        'Empty: one per available core. A controller is started too if none answers.'
      );
  return (
    <Field label={trans.__('Number of engines')} hint={hint}>
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
  );
}

interface IChoicesProps {
  choices: IStartChoices | null;
  error: string | null;
  chosen: IChosen;
  choose: (changed: Partial<IChosen>) => void;
  kernel: string | null;
  trans: TranslationBundle;
}

/** What stands in the place of choices that are not there. */
function waiting({ error, trans }: IChoicesProps): string {
  return error ?? trans.__('Reading what there is…');
}

function LauncherChoice(props: IChoicesProps): JSX.Element {
  const { choices, chosen, choose, trans } = props;
  const launcher = choices?.launchers.find(
    ({ name }) => name === chosen.launcher
  );
  return (
    <Choice
      label={trans.__('Launcher')}
      hint={
        choices
          ? launcher?.note || trans.__('How the engines are started.')
          : waiting(props)
      }
      value={chosen.launcher}
      options={(choices?.launchers ?? []).map(({ name, note }) => [
        name,
        note ? trans.__('%1 (not found here)', name) : name
      ])}
      choose={value => choose({ launcher: value })}
    />
  );
}

function PythonChoice(props: IChoicesProps): JSX.Element {
  const { choices, chosen, choose, kernel, trans } = props;
  return (
    <Choice
      label={trans.__('Python')}
      hint={choices ? chosen.python : waiting(props)}
      value={chosen.python}
      options={sortedPythons(choices?.pythons ?? [], kernel).map(python => [
        python.python,
        kernel !== null && python.kernels.includes(kernel)
          ? trans.__('%1, of the notebook in front', python.name)
          : python.name
      ])}
      choose={value => choose({ python: value })}
    />
  );
}

/** Launcher and Python, as far as the server tells what there is. */
export function Choices(props: IChoicesProps): JSX.Element {
  return (
    <>
      <LauncherChoice {...props} />
      <PythonChoice {...props} />
    </>
  );
}
