/** The logs of controller, supervisor and engines, during and after their life. */
import type { TranslationBundle } from '@jupyterlab/translation';
import { UseSignal } from '@jupyterlab/ui-components';
import { useEffect, useId, useRef, useState } from 'react';

import type { ILog, ILogs } from '../api/types';
import { Alert } from '../components/problems';
import type { IClustersModel } from '../tokens';
import { logOf, processesOf, useLogs, type IRead, type LogOf } from './reading';

const TAILS = [100, 1000, 10000];

function Lines(props: {
  log: ILog;
  name: string;
  isFollowed: boolean;
  trans: TranslationBundle;
}): JSX.Element {
  const { log, name, isFollowed, trans } = props;
  const text = log.lines.join('\n');
  const box = useRef<HTMLPreElement>(null);
  useEffect(() => {
    if (isFollowed && box.current) {
      box.current.scrollTop = box.current.scrollHeight;
    }
  }, [text, isFollowed]);
  return (
    <>
      <p className="jp-parflow-hint jp-parflow-Log-path" title={log.path}>
        {log.path}
      </p>
      <pre
        ref={box}
        role="log"
        aria-label={trans.__('Log of %1', name)}
        // It grows all the time: who wants to hear it goes there.
        aria-live="off"
        tabIndex={0}
        className="jp-parflow-Log-lines"
      >
        {text || trans.__('Nothing was written so far.')}
      </pre>
    </>
  );
}

interface ILogProps {
  model: IClustersModel;
  trans: TranslationBundle;
  chosen: LogOf;
  choose: (chosen: LogOf) => void;
}

function nameOf(of: LogOf, trans: TranslationBundle): string {
  return typeof of === 'number' ? trans.__('engine %1', of) : of;
}

function ProcessChoice(props: ILogProps & { logs: ILogs | null }): JSX.Element {
  const { model, logs, trans, chosen, choose } = props;
  const id = useId();
  const living = new Set(
    model.cluster?.engines
      .filter(engine => engine.state !== 'dead')
      .map(engine => engine.id)
  );
  return (
    <>
      <label htmlFor={id}>{trans.__('Process')}</label>
      <select
        id={id}
        className="jp-parflow-Input"
        value={String(chosen)}
        onChange={({ target: { value } }) =>
          choose(/^\d+$/.test(value) ? Number(value) : value)
        }
      >
        {processesOf(logs, chosen).map(of => (
          <option key={of} value={String(of)}>
            {typeof of === 'number' && !living.has(of)
              ? trans.__('%1 (ended)', nameOf(of, trans))
              : nameOf(of, trans)}
          </option>
        ))}
      </select>
    </>
  );
}

function TailChoice(props: {
  tail: number;
  setTail: (tail: number) => void;
  trans: TranslationBundle;
}): JSX.Element {
  const { tail, setTail, trans } = props;
  const id = useId();
  return (
    <>
      <label htmlFor={id}>{trans.__('Last lines')}</label>
      <select
        id={id}
        className="jp-parflow-Input"
        value={tail}
        onChange={event => setTail(Number(event.target.value))}
      >
        {TAILS.map(count => (
          <option key={count} value={count}>
            {count.toLocaleString()}
          </option>
        ))}
      </select>
    </>
  );
}

/** The lines that were read, or why there are none. */
function Content(props: {
  read: IRead;
  chosen: LogOf;
  isFollowed: boolean;
  trans: TranslationBundle;
}): JSX.Element {
  const { chosen, isFollowed, trans } = props;
  const { logs, error, isRead } = props.read;
  const log = logOf(logs, chosen);
  const name = nameOf(chosen, trans);
  return (
    <>
      {isRead && error && <Alert>{error}</Alert>}
      {!isRead && !log && <p role="status">{trans.__('Reading the log…')}</p>}
      {isRead && !error && !log && (
        <p className="jp-parflow-empty">
          {trans.__('%1 has no log: it was never started here.', name)}
        </p>
      )}
      {log && !(isRead && error) && (
        <Lines log={log} name={name} isFollowed={isFollowed} trans={trans} />
      )}
    </>
  );
}

function Body(props: ILogProps): JSX.Element {
  const { model, trans, chosen } = props;
  const [tail, setTail] = useState(TAILS[0]);
  const [isFollowed, setFollowed] = useState(true);
  const read = useLogs(model, chosen, tail, isFollowed, trans);
  return (
    <div className="jp-parflow-Log">
      <div className="jp-parflow-Log-bar">
        <ProcessChoice {...props} logs={read.logs} />
        <TailChoice tail={tail} setTail={setTail} trans={trans} />
        <label className="jp-parflow-Row">
          <input
            type="checkbox"
            checked={isFollowed}
            onChange={event => setFollowed(event.target.checked)}
          />
          {trans.__('Follow')}
        </label>
        <button
          type="button"
          className="jp-parflow-Button"
          onClick={() => void read.again()}
        >
          {trans.__('Refresh')}
        </button>
      </div>
      <Content
        read={read}
        chosen={chosen}
        isFollowed={isFollowed}
        trans={trans}
      />
    </div>
  );
}

export function LogBody(props: ILogProps): JSX.Element {
  return (
    // It says which engines have ended.
    <UseSignal signal={props.model.changed}>
      {() => <Body {...props} />}
    </UseSignal>
  );
}
