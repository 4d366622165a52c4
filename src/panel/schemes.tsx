/** The toolbox of schemes: their order, which may be taken, and how many workers they get. */
import type { TranslationBundle } from '@jupyterlab/translation';
import type { LabIcon } from '@jupyterlab/ui-components';
import { useEffect, useId, useLayoutEffect, useRef, useState } from 'react';

import type { IScheme, ISchemeChange } from '../api/types';
import { downIcon, upIcon } from '../components/icons';
import { Alert } from '../components/problems';
import { Section } from '../components/section';
import { firstChoice } from '../model/schemeOrder';
import { parseCount } from '../text/units';
import type { IClustersModel } from '../tokens';

/** Change a scheme; what goes wrong is shown by the toolbox. */
type Change = (change: ISchemeChange) => Promise<void>;

function Workers(props: {
  scheme: IScheme;
  change: Change;
  trans: TranslationBundle;
}): JSX.Element {
  const { scheme, change, trans } = props;
  const kept = scheme.workers === null ? '' : String(scheme.workers);
  const [text, setText] = useState(kept);
  // Another kernel or page may have changed it.
  useEffect(() => setText(kept), [kept]);
  const commit = async () => {
    if (text.trim() !== kept) {
      await change({ workers: parseCount(text) ?? 0 });
    }
  };
  return (
    <input
      type="text"
      inputMode="numeric"
      autoComplete="off"
      className="jp-parflow-Input jp-parflow-Workers"
      aria-label={trans.__('Workers of %1', scheme.name)}
      title={trans.__(
        'How many %1 a map gets; empty for one per core',
        scheme.name
      )}
      placeholder={trans.__('auto')}
      value={text}
      onChange={event => setText(event.target.value)}
      onBlur={() => void commit()}
      onKeyDown={event => {
        if (event.key === 'Enter') {
          void commit();
        } else if (event.key === 'Escape') {
          setText(kept);
        }
      }}
    />
  );
}

function Move(props: {
  name: string;
  icon: LabIcon;
  isPossible: boolean;
  move: () => void;
}): JSX.Element {
  const { name, icon, isPossible, move } = props;
  return (
    <button
      type="button"
      className="jp-parflow-IconButton"
      aria-label={name}
      title={name}
      // Not "disabled": a key that moved it as far as it goes must not lose the focus.
      aria-disabled={!isPossible}
      onClick={isPossible ? move : undefined}
    >
      <icon.react tag="span" aria-hidden="true" />
    </button>
  );
}

interface IRowProps {
  scheme: IScheme;
  index: number;
  /** Place of the last scheme that can be moved; below it stands the last resort. */
  last: number;
  isFirstChoice: boolean;
  change: Change;
  trans: TranslationBundle;
}

/** Whether it is taken, and why not. */
function whyText({ scheme, index, last, trans }: IRowProps): string {
  const { enabled, slots, why } = scheme;
  if (index > last) {
    return trans.__('the last resort: one item after the other');
  }
  if (!enabled) {
    return trans.__('switched off');
  }
  return slots > 0 ? why : trans.__('not available: %1', why);
}

/** Keep the focus in a row that moves: the browser takes it from what is moved in the document. */
function useFocusKept(index: number) {
  const row = useRef<HTMLLIElement>(null);
  const focused = useRef<Element | null>(null);
  useLayoutEffect(() => {
    if (row.current?.contains(focused.current)) {
      (focused.current as HTMLElement).focus();
    }
    focused.current = null;
  }, [index]);
  const keep = () => {
    focused.current = document.activeElement;
  };
  return { row, keep };
}

function Moves(props: IRowProps & { keepFocus: () => void }): JSX.Element {
  const { scheme, index, last, change, trans, keepFocus } = props;
  const { name } = scheme;
  const move = (position: number) => {
    keepFocus();
    void change({ position });
  };
  return (
    <>
      <Move
        name={trans.__('Move %1 up', name)}
        icon={upIcon}
        isPossible={index > 0}
        move={() => move(index - 1)}
      />
      <Move
        name={trans.__('Move %1 down', name)}
        icon={downIcon}
        isPossible={index < last}
        move={() => move(index + 1)}
      />
    </>
  );
}

function SchemeRow(props: IRowProps): JSX.Element {
  const { scheme, index, last, change, trans } = props;
  const { name, enabled, slots } = scheme;
  const id = useId();
  const { row, keep } = useFocusKept(index);
  const isLastResort = index > last;
  return (
    <li
      ref={row}
      className="jp-parflow-Scheme"
      data-usable={enabled && slots > 0}
    >
      <div className="jp-parflow-Row">
        <input
          id={id}
          type="checkbox"
          checked={enabled}
          disabled={isLastResort}
          aria-describedby={`${id}-why`}
          onChange={event => void change({ enabled: event.target.checked })}
        />
        <label htmlFor={id} className="jp-parflow-Scheme-name">
          {name}
        </label>
        {scheme.takes_workers && (
          <Workers scheme={scheme} change={change} trans={trans} />
        )}
        <span className="jp-parflow-Scheme-moves">
          {!isLastResort && <Moves {...props} keepFocus={keep} />}
        </span>
      </div>
      <p id={`${id}-why`} className="jp-parflow-hint jp-parflow-Scheme-why">
        {props.isFirstChoice && <strong>{trans.__('first choice')} · </strong>}
        {whyText(props)}
      </p>
    </li>
  );
}

export function Toolbox(props: {
  model: IClustersModel;
  schemes: readonly IScheme[];
  trans: TranslationBundle;
}): JSX.Element {
  const { model, schemes, trans } = props;
  const [error, setError] = useState<string | null>(null);
  const first = firstChoice(schemes);
  const change = async (name: string, wanted: ISchemeChange) => {
    setError(null);
    try {
      await model.configureScheme(name, wanted);
    } catch (reason) {
      setError((reason as Error).message);
    }
  };
  return (
    <Section
      title={trans.__('Schemes')}
      hint={trans.__(
        'A map takes the first one that is on and can run it; the number is how many workers it gets.'
      )}
    >
      {error && <Alert>{error}</Alert>}
      <ol className="jp-parflow-Schemes">
        {schemes.map((scheme, index) => (
          <SchemeRow
            key={scheme.name}
            scheme={scheme}
            index={index}
            last={schemes.length - 2}
            isFirstChoice={scheme.name === first}
            change={wanted => change(scheme.name, wanted)}
            trans={trans}
          />
        ))}
      </ol>
    </Section>
  );
}
