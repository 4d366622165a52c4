/** A module as a card: its ports, its parameters, its state. */
import { Handle, Position, type Node, type NodeProps } from '@xyflow/react';
import { memo, useEffect, useState } from 'react';

import { useEditing } from '../context';
import {
  badges,
  elapsedText,
  isConnected,
  parseValue,
  placeholder,
  typeText,
  valueText
} from '../format';
import type { IModule, IModuleState, IPort, ModuleState } from '../wire';

/** React Flow's node around a module. */
export type ModuleNode = Node<{ module: IModule }, 'module'>;

const SYMBOLS: Record<ModuleState, string> = {
  waiting: '◌',
  running: '▶',
  done: '✓',
  failed: '✕',
  skipped: '⤼'
};

function Port(props: {
  module: IModule;
  port: IPort;
  side: 'input' | 'output';
}): JSX.Element {
  const { module, port, side } = props;
  const { pipeline, pending, clickInput, clickOutput } = useEditing();
  const isInput = side === 'input';
  const isChosen =
    !isInput && pending?.[0] === module.id && pending[1] === port.name;
  const isOpen =
    isInput &&
    pending !== null &&
    pending[0] !== module.id &&
    !isConnected(pipeline, [module.id, port.name], 'to');
  return (
    <Handle
      type={isInput ? 'target' : 'source'}
      position={isInput ? Position.Left : Position.Right}
      id={port.name}
      className="parflow-Port"
    >
      <button
        type="button"
        className="parflow-Port-button"
        data-chosen={isChosen}
        data-open={isOpen}
        aria-label={`${side} ${port.name} of ${module.name}`}
        aria-pressed={isInput ? undefined : isChosen}
        title={`${port.name}: ${typeText(port)}`}
        onClick={() =>
          isInput
            ? clickInput([module.id, port.name])
            : clickOutput([module.id, port.name])
        }
      />
    </Handle>
  );
}

function PortText(props: { port: IPort }): JSX.Element {
  const { port } = props;
  return (
    <span className="parflow-Port-text">
      <span className="parflow-Port-name">{port.name}</span>{' '}
      <span className="parflow-Port-type" title={typeText(port)}>
        {typeText(port)}
      </span>
    </span>
  );
}

function Parameter(props: { module: IModule; port: IPort }): JSX.Element {
  const { module, port } = props;
  const { edit, refusals } = useEditing();
  const kept = valueText(port, module.parameters[port.name]);
  const [text, setText] = useState(kept);
  // Back to what is so, when Python changed the value or refused to.
  useEffect(() => setText(kept), [kept, refusals]);
  const commit = () => {
    if (text === kept) {
      return;
    }
    const set = {
      type: 'set-parameter',
      id: module.id,
      port: port.name
    } as const;
    if (text.trim() === '') {
      edit(set);
      return;
    }
    const value = parseValue(port, text);
    setText(valueText(port, value));
    edit({ ...set, value });
  };
  return (
    <input
      type="text"
      className="parflow-Parameter nodrag nopan"
      aria-label={`value of ${port.name} of ${module.name}`}
      placeholder={placeholder(port)}
      value={text}
      onChange={event => setText(event.target.value)}
      onBlur={commit}
      onKeyDown={event => {
        if (event.key === 'Enter') {
          commit();
        } else if (event.key === 'Escape') {
          setText(kept);
        }
      }}
    />
  );
}

function Input(props: { module: IModule; port: IPort }): JSX.Element {
  const { module, port } = props;
  const { pipeline } = useEditing();
  const isFree = !isConnected(pipeline, [module.id, port.name], 'to');
  return (
    <li className="parflow-Input">
      <Port {...props} side="input" />
      <PortText port={port} />
      {isFree && <Parameter {...props} />}
    </li>
  );
}

function Progress(props: {
  module: IModule;
  state: IModuleState;
}): JSX.Element | null {
  const { module, state } = props;
  const { done, total } = state;
  if (!module.map || typeof done !== 'number' || typeof total !== 'number') {
    return null;
  }
  const part = total > 0 ? done / total : 1;
  return (
    <div className="parflow-Progress">
      <div
        role="progressbar"
        aria-label={`progress of ${module.name}`}
        aria-valuemin={0}
        aria-valuemax={total}
        aria-valuenow={done}
        aria-valuetext={`${done} of ${total}`}
        className="jp-parflow-Progress"
      >
        <div style={{ width: `${Math.min(100, 100 * part)}%` }} />
      </div>
      <span>
        {done} of {total}
      </span>
    </div>
  );
}

function State(props: { state: IModuleState }): JSX.Element {
  const { state, elapsed } = props.state;
  return (
    <span className="parflow-State" data-state={state}>
      <span aria-hidden="true">{SYMBOLS[state] ?? '?'}</span> {state}
      {typeof elapsed === 'number' && (
        <span className="parflow-State-time"> {elapsedText(elapsed)}</span>
      )}
    </span>
  );
}

export const ModuleCard = memo(function ModuleCard(
  props: NodeProps<ModuleNode>
): JSX.Element {
  const { module } = props.data;
  const state = useEditing().states[module.id];
  return (
    <div
      className="parflow-Card"
      data-state={state?.state}
      data-selected={props.selected}
    >
      <div className="parflow-Card-head">
        <strong title={module.function}>{module.name}</strong>
        {badges(module).map(badge => (
          <span key={badge} className="parflow-Badge">
            {badge}
          </span>
        ))}
      </div>
      <ul className="parflow-Card-ports">
        {module.inputs.map(port => (
          <Input key={port.name} module={module} port={port} />
        ))}
        {module.outputs.map(port => (
          <li key={port.name} className="parflow-Output">
            <PortText port={port} />
            <Port module={module} port={port} side="output" />
          </li>
        ))}
      </ul>
      <div className="parflow-Card-foot">
        {state ? (
          <>
            <State state={state} />
            <Progress module={module} state={state} />
            {state.message && (
              <p className="parflow-Card-message nodrag nopan">
                {state.message}
              </p>
            )}
          </>
        ) : (
          // Keeps the place, so that cards do not grow when a run begins.
          <span className="parflow-State">not run yet</span>
        )}
      </div>
    </div>
  );
});
