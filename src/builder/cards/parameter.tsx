import { useEffect, useState } from 'react';

import { useEditing } from '../context';
import { parseValue, placeholder, valueText } from '../format';
import type { IModule, IPort } from '../wire';

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
