import { useEffect, useState } from 'react';

import { useEditing } from '../context';
import { parseValue, placeholder, valueText } from '../format';
import type { IModule, IPort, ISetParameter } from '../wire';

/** Ask for what was typed; an emptied field clears the parameter. */
function setEdit(module: IModule, port: IPort, text: string): ISetParameter {
  const cleared: ISetParameter = {
    type: 'set-parameter',
    id: module.id,
    port: port.name
  };
  return text.trim() === ''
    ? cleared
    : { ...cleared, value: parseValue(port, text) };
}

export function Parameter(props: {
  module: IModule;
  port: IPort;
}): JSX.Element {
  const { module, port } = props;
  const { edit, refusals } = useEditing();
  const kept = valueText(port, module.parameters[port.name]);
  const [text, setText] = useState(kept);
  // Back to what is so, when Python changed the value or refused to.
  useEffect(() => setText(kept), [kept, refusals]);
  const commit = () => {
    if (text !== kept) {
      const change = setEdit(module, port, text);
      if (change.value !== undefined) {
        setText(valueText(port, change.value));
      }
      edit(change);
    }
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
