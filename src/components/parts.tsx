/** Small parts that panel and dialogs are made of. */
import type { TranslationBundle } from '@jupyterlab/translation';
import { useEffect, useReducer, useRef, type ReactNode } from 'react';

import type { IClustersModel } from '../tokens';
import type {
  ClusterState,
  EngineState,
  IEngine,
  IOperation,
  IProblem
} from '../api/types';
import { byHost, engineCount } from '../text/engine';
import { progressOf } from '../text/operation';
import { stateSymbol, stateText } from '../text/state';
import { bytes, compact, shown, percent } from '../text/units';

/** Render again whenever the model changes. */
export function useModel(model: IClustersModel): IClustersModel {
  const [, update] = useReducer((count: number) => count + 1, 0);
  useEffect(() => {
    model.changed.connect(update);
    // It may have changed between rendering and this effect.
    update();
    return () => {
      model.changed.disconnect(update);
    };
  }, [model]);
  return model;
}

export function State(props: {
  state: ClusterState | EngineState;
  trans: TranslationBundle;
  /** Stands there instead of the state's own name. */
  text?: string;
  /** What else is known, for who points at it. */
  more?: string;
  isChip?: boolean;
}): JSX.Element {
  const { state, trans, more, isChip } = props;
  const text = props.text ?? stateText(state, trans);
  return (
    <span
      className={`jp-parflow-State ${isChip ? 'jp-parflow-mod-chip' : ''}`}
      data-state={state}
      title={more ? `${text}: ${more}` : text}
    >
      <span aria-hidden="true" className="jp-parflow-State-symbol">
        {stateSymbol(state)}
      </span>
      {text}
    </span>
  );
}

/** A message that is read out at once. */
export function Alert(props: { children: ReactNode }): JSX.Element {
  return (
    <div role="alert" className="jp-parflow-Alert">
      {props.children}
    </div>
  );
}

export function Problems(props: {
  problems: readonly IProblem[];
}): JSX.Element | null {
  return props.problems.length === 0 ? null : (
    <ul className="jp-parflow-Problems">
      {props.problems.map(({ where, what, fix }, index) => (
        <li key={index}>
          <strong>{where}</strong>: {what}
          {fix && <span className="jp-parflow-Problems-fix">{fix}</span>}
        </li>
      ))}
    </ul>
  );
}

export function Progress(props: {
  label: string;
  done: number;
  total: number | null;
}): JSX.Element {
  const { label, done, total } = props;
  const width = total ? `${Math.min(100, (100 * done) / total)}%` : undefined;
  return (
    <div
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={total ?? undefined}
      aria-valuenow={total === null ? undefined : done}
      className="jp-parflow-Progress"
    >
      <div
        className={total === null ? 'jp-parflow-mod-unsized' : undefined}
        style={{ width }}
      />
    </div>
  );
}

/** How far an operation is, as text and bar. */
export function OperationProgress(props: {
  operation: IOperation;
  trans: TranslationBundle;
}): JSX.Element {
  const { operation, trans } = props;
  const text = progressOf(operation, trans);
  const isSized = operation.kind === 'start-engines';
  return (
    <div className="jp-parflow-Operation">
      <span role="status">{text}</span>
      {operation.message && <small>{operation.message}</small>}
      <Progress
        label={text}
        done={operation.done}
        total={isSized ? operation.total : null}
      />
    </div>
  );
}

export interface IColumn {
  name: string;
  isNumber?: boolean;
  cell: (engine: IEngine) => ReactNode;
}

/** The columns that fit the sidebar. */
export function engineColumns(trans: TranslationBundle): IColumn[] {
  return [
    { name: trans.__('ID'), cell: engine => shown(engine.id) },
    {
      name: trans.__('State'),
      cell: engine => <State state={engine.state} trans={trans} />
    },
    {
      name: trans.__('Done'),
      isNumber: true,
      cell: engine => (
        <span title={shown(engine.completed)}>{compact(engine.completed)}</span>
      )
    },
    {
      name: trans.__('CPU'),
      isNumber: true,
      cell: engine => percent(engine.cpu_percent)
    },
    {
      name: trans.__('Memory'),
      isNumber: true,
      cell: engine => bytes(engine.rss_bytes)
    }
  ];
}

/** One table of engines for each host. */
export function EnginesByHost(props: {
  engines: readonly IEngine[];
  columns: IColumn[];
  trans: TranslationBundle;
  /** What stands at the end of an engine's row. */
  actions?: (engine: IEngine) => ReactNode;
}): JSX.Element {
  const { columns, trans, actions } = props;
  return (
    <>
      {byHost(props.engines).map(([host, engines]) => (
        <table key={host} className="jp-parflow-Table">
          <caption>
            <div className="jp-parflow-Table-caption">
              <span className="jp-parflow-Table-host" title={host}>
                {host}
              </span>
              <span>{engineCount(engines.length, trans)}</span>
            </div>
          </caption>
          <thead>
            <tr>
              {columns.map(column => (
                <th key={column.name} scope="col" data-number={column.isNumber}>
                  {column.name}
                </th>
              ))}
              {actions && (
                <th scope="col" className="jp-parflow-Table-actions">
                  <span className="jp-parflow-unseen">
                    {trans.__('Actions')}
                  </span>
                </th>
              )}
            </tr>
          </thead>
          <tbody>
            {engines.map((engine, index) => (
              <tr key={engine.pid ?? `${engine.id}-${index}`}>
                {columns.map(({ name, isNumber, cell }) => {
                  const content = cell(engine);
                  // A narrow sidebar cuts long numbers off.
                  const title = typeof content === 'string' ? content : '';
                  return (
                    <td
                      key={name}
                      data-number={isNumber}
                      title={title || undefined}
                    >
                      {content}
                    </td>
                  );
                })}
                {actions && (
                  <td className="jp-parflow-Table-actions">
                    {actions(engine)}
                  </td>
                )}
              </tr>
            ))}
          </tbody>
        </table>
      ))}
    </>
  );
}

/** Call `effect` once the value is no longer null. */
export function useOnce(isReady: boolean, effect: () => void): void {
  const isDone = useRef(false);
  useEffect(() => {
    if (isReady && !isDone.current) {
      isDone.current = true;
      effect();
    }
  });
}
