/** What can be done to the pipeline, or to what is marked in it. */
import type { ISelection } from './edits';
import type { Edit } from './wire';

function Button(props: {
  label: string;
  symbol: string;
  isDisabled?: boolean;
  onClick: () => void;
}): JSX.Element {
  const { label, symbol, isDisabled, onClick } = props;
  return (
    <button
      type="button"
      className="parflow-Button"
      // Not the disabled attribute: it would throw the focus away.
      aria-disabled={isDisabled}
      onClick={isDisabled ? undefined : onClick}
    >
      <span aria-hidden="true">{symbol}</span> {label}
    </button>
  );
}

export function Toolbar(props: {
  name: string;
  isRunning: boolean;
  removal: string;
  edit: (edit: Edit) => void;
  remove: () => void;
}): JSX.Element {
  const { name, isRunning, removal, edit, remove } = props;
  return (
    <div role="toolbar" aria-label="Pipeline" className="parflow-Toolbar">
      <Button
        label="Run"
        symbol="▶"
        isDisabled={isRunning}
        onClick={() => edit({ type: 'run' })}
      />
      <Button
        label="Stop"
        symbol="■"
        isDisabled={!isRunning}
        onClick={() => edit({ type: 'stop' })}
      />
      <strong className="parflow-Toolbar-name" title={name}>
        {name}
      </strong>
      {removal && <Button label={removal} symbol="✕" onClick={remove} />}
    </div>
  );
}

export function removalText(selection: ISelection): string {
  const { modules, connections } = selection;
  if (modules.length > 0) {
    return modules.length > 1 ? 'Remove modules' : 'Remove module';
  }
  if (connections.length > 0) {
    return connections.length > 1 ? 'Delete connections' : 'Delete connection';
  }
  return '';
}
