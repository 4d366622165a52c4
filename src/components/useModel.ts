import { useEffect, useReducer } from 'react';

import type { IClustersModel } from '../tokens';

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
