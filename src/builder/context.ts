import { createContext, useContext } from 'react';

import type { Edit, IPipelineDocument, PortPath, States } from './wire';

/** What the cards need besides their module. */
export interface IEditing {
  pipeline: IPipelineDocument;
  states: States;
  /** The output chosen by click or Enter that waits for an input. */
  pending: PortPath | null;
  /** Grows when an edit was refused. */
  refusals: number;
  clickOutput: (port: PortPath) => void;
  clickInput: (port: PortPath) => void;
  edit: (edit: Edit) => void;
}

export const EditingContext = createContext<IEditing | null>(null);

export function useEditing(): IEditing {
  const editing = useContext(EditingContext);
  if (!editing) {
    throw new Error('A module card stands outside of its pipeline editor.');
  }
  return editing;
}
