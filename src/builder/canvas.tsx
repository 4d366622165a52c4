/** The picture of a pipeline: React Flow in, edits out. */
import {
  Background,
  Controls,
  ReactFlow,
  useNodesState,
  type ColorMode,
  type EdgeChange,
  type NodeChange
} from '@xyflow/react';
import {
  useCallback,
  useEffect,
  useMemo,
  useState,
  type MutableRefObject
} from 'react';

import { ModuleCard, type ModuleNode } from './cards/module';
import {
  connectEdit,
  movedEdits,
  removalEdits,
  toSelection,
  type ConnectionEdge,
  type ISelection
} from './edits';
import { FIT, useFit } from './fit';
import { toEdges, updatedNodes } from './flow';
import type { Edit, IPipelineDocument, States } from './wire';

const OPTIONS = {
  nodeTypes: { module: ModuleCard },
  deleteKeyCode: ['Backspace', 'Delete'],
  fitView: true,
  fitViewOptions: FIT,
  minZoom: 0.2,
  maxZoom: 2,
  // The wheel belongs to the notebook; zoom by buttons, pinch or Ctrl.
  zoomOnScroll: false,
  preventScrolling: false,
  zoomOnDoubleClick: false,
  connectOnClick: false,
  connectionRadius: 24
};

export interface ICanvasProps {
  pipeline: IPipelineDocument;
  states: States;
  /** Grows when an edit was refused, so that the picture goes back. */
  refusals: number;
  colorMode: ColorMode;
  edit: (edit: Edit) => void;
  onSelect: (selection: ISelection) => void;
}

/** The cards, and what React Flow is to be told of them. */
function useNodes({ pipeline, refusals, edit }: ICanvasProps) {
  const [nodes, setNodes, applyChanges] = useNodesState<ModuleNode>([]);
  useEffect(() => {
    setNodes(before => updatedNodes(pipeline, before));
  }, [pipeline, refusals, setNodes]);
  const onNodesChange = (changes: NodeChange<ModuleNode>[]) => {
    applyChanges(changes);
    movedEdits(changes).forEach(edit);
  };
  return { nodes, onNodesChange };
}

/** The connections; which of them are marked is known here alone. */
function useEdges({ pipeline, states }: ICanvasProps) {
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const edges = useMemo(
    () => toEdges(pipeline, states, selected),
    [pipeline, states, selected]
  );
  const onEdgesChange = (changes: EdgeChange<ConnectionEdge>[]) =>
    setSelected(before => {
      const after = new Set(before);
      for (const change of changes) {
        if (change.type === 'select') {
          after[change.selected ? 'add' : 'delete'](change.id);
        }
      }
      return after;
    });
  return { edges, onEdgesChange };
}

function ZoomButtons(props: {
  isMoved: MutableRefObject<boolean>;
}): JSX.Element {
  const { isMoved } = props;
  return (
    <Controls
      showInteractive={false}
      fitViewOptions={FIT}
      onZoomIn={() => (isMoved.current = true)}
      onZoomOut={() => (isMoved.current = true)}
      onFitView={() => (isMoved.current = false)}
    />
  );
}

export function Canvas(props: ICanvasProps): JSX.Element {
  const { pipeline, edit, onSelect } = props;
  const nodes = useNodes(props);
  const { flow, frame, isMoved } = useFit(pipeline);
  const edges = useEdges(props);
  const select = useCallback(
    (selection: { nodes: ModuleNode[]; edges: ConnectionEdge[] }) =>
      onSelect(toSelection(selection)),
    [onSelect]
  );
  return (
    <ReactFlow<ModuleNode, ConnectionEdge>
      {...OPTIONS}
      {...nodes}
      {...edges}
      ref={frame}
      colorMode={props.colorMode}
      onInit={instance => (flow.current = instance)}
      onBeforeDelete={async selection => {
        removalEdits(toSelection(selection)).forEach(edit);
        return false;
      }}
      onConnect={connection => edit(connectEdit(connection))}
      // Without an event, it was not a person who moved it.
      onMoveStart={event => (isMoved.current ||= event !== null)}
      onSelectionChange={select}
    >
      <Background />
      <ZoomButtons isMoved={isMoved} />
    </ReactFlow>
  );
}
