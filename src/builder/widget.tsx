/** The builder as an anywidget: traits in, messages out. */
import type { AnyModel, Render } from '@anywidget/types';
import { useCallback, useEffect, useState, useSyncExternalStore } from 'react';
import { createRoot } from 'react-dom/client';

import { PipelineEditor, type IRefusal } from './editor';
import { useColorMode } from './theme';
import type { Edit, IPipelineDocument, IProblem, States } from './wire';

import '@xyflow/react/dist/style.css';
import '../../style/progress.css';
import './builder.css';

/** The traits of the widget in Python. */
export interface ITraits {
  document: IPipelineDocument;
  states: States;
  problems: IProblem[];
  running: boolean;
}

type Model = AnyModel<ITraits & Record<string, unknown>>;

/** The value of a trait, and again when it changes. */
function useTrait<K extends keyof ITraits>(model: Model, name: K): ITraits[K] {
  const subscribe = useCallback(
    (onChange: () => void) => {
      model.on(`change:${name}`, onChange);
      return () => model.off(`change:${name}`, onChange);
    },
    [model, name]
  );
  return useSyncExternalStore(subscribe, () => model.get(name));
}

/** The last refusal; the count tells it from an earlier one. */
function useRefusal(model: Model): IRefusal | null {
  const [refusal, setRefusal] = useState<IRefusal | null>(null);
  useEffect(() => {
    const onMessage = (message: { type?: string; message?: string }) => {
      if (message?.type === 'refused') {
        setRefusal(before => ({
          message: message.message ?? '',
          count: (before?.count ?? 0) + 1
        }));
      }
    };
    model.on('msg:custom', onMessage);
    return () => model.off('msg:custom', onMessage);
  }, [model]);
  return refusal;
}

function Widget(props: { model: Model }): JSX.Element {
  const { model } = props;
  return (
    <PipelineEditor
      pipeline={useTrait(model, 'document')}
      states={useTrait(model, 'states')}
      problems={useTrait(model, 'problems')}
      isRunning={useTrait(model, 'running')}
      refusal={useRefusal(model)}
      colorMode={useColorMode()}
      onEdit={useCallback((edit: Edit) => model.send(edit), [model])}
    />
  );
}

const render: Render<ITraits & Record<string, unknown>> = ({ model, el }) => {
  const root = createRoot(el);
  root.render(<Widget model={model} />);
  return () => root.unmount();
};

export default { render };
