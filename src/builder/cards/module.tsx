/** A module as a card: its ports, its parameters, its state. */
import type { Node, NodeProps } from '@xyflow/react';
import { memo } from 'react';

import { useEditing } from '../context';
import { isConnected } from '../format';
import type { IModule, IModuleState, IPort } from '../wire';
import { Parameter } from './parameter';
import { Port, PortText } from './port';
import { Progress, State } from './state';

/** React Flow's node around a module. */
export type ModuleNode = Node<{ module: IModule }, 'module'>;

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

function Foot(props: {
  module: IModule;
  state: IModuleState | undefined;
}): JSX.Element {
  const { module, state } = props;
  return (
    <div className="parflow-Card-foot">
      {state ? (
        <>
          <State state={state} />
          <Progress module={module} state={state} />
          {state.message && (
            <p className="parflow-Card-message nodrag nopan">{state.message}</p>
          )}
        </>
      ) : (
        // Keeps the place, so that cards do not grow when a run begins.
        <span className="parflow-State">not run yet</span>
      )}
    </div>
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
        <strong title={module.card.hint}>{module.name}</strong>
        {module.card.badges.map(badge => (
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
      <Foot module={module} state={state} />
    </div>
  );
});
