/** The engines of a cluster as tables. */
import type { TranslationBundle } from '@jupyterlab/translation';
import type { ReactNode } from 'react';

import { State } from './state';
import type { IEngine } from '../api/types';
import { byHost, engineCount } from '../text/engine';
import { bytes, compact, percent, shown } from '../text/units';

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

interface ITableProps {
  engines: readonly IEngine[];
  columns: IColumn[];
  trans: TranslationBundle;
  /** What stands at the end of an engine's row. */
  actions?: (engine: IEngine) => ReactNode;
}

function Caption(props: {
  host: string;
  count: number;
  trans: TranslationBundle;
}): JSX.Element {
  const { host, count, trans } = props;
  return (
    <caption>
      <div className="jp-parflow-Table-caption">
        <span className="jp-parflow-Table-host" title={host}>
          {host}
        </span>
        <span>{engineCount(count, trans)}</span>
      </div>
    </caption>
  );
}

function Head(props: ITableProps): JSX.Element {
  const { columns, trans, actions } = props;
  return (
    <thead>
      <tr>
        {columns.map(column => (
          <th key={column.name} scope="col" data-number={column.isNumber}>
            {column.name}
          </th>
        ))}
        {actions && (
          <th scope="col" className="jp-parflow-Table-actions">
            <span className="jp-parflow-unseen">{trans.__('Actions')}</span>
          </th>
        )}
      </tr>
    </thead>
  );
}

function Cell(props: { column: IColumn; engine: IEngine }): JSX.Element {
  const { column, engine } = props;
  const content = column.cell(engine);
  // A narrow sidebar cuts long numbers off.
  const title = typeof content === 'string' ? content : '';
  return (
    <td data-number={column.isNumber} title={title || undefined}>
      {content}
    </td>
  );
}

function Row(props: ITableProps & { engine: IEngine }): JSX.Element {
  const { engine, columns, actions } = props;
  return (
    <tr>
      {columns.map(column => (
        <Cell key={column.name} column={column} engine={engine} />
      ))}
      {actions && (
        <td className="jp-parflow-Table-actions">{actions(engine)}</td>
      )}
    </tr>
  );
}

/** One table of engines for each host. */
export function EnginesByHost(props: ITableProps): JSX.Element {
  return (
    <>
      {byHost(props.engines).map(([host, engines]) => (
        <table key={host} className="jp-parflow-Table">
          <Caption host={host} count={engines.length} trans={props.trans} />
          <Head {...props} />
          <tbody>
            {engines.map((engine, index) => (
              <Row
                key={engine.pid ?? `${engine.id}-${index}`}
                {...props}
                engine={engine}
              />
            ))}
          </tbody>
        </table>
      ))}
    </>
  );
}
