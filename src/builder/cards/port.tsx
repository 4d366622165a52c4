import { Handle, Position } from '@xyflow/react';

import { useEditing } from '../context';
import { isConnected, typeText } from '../format';
import type { IModule, IPort } from '../wire';

export function Port(props: {
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

export function PortText(props: { port: IPort }): JSX.Element {
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
