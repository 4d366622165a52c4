/** The picture of a pipeline: React Flow in, edits out. */
import {
  Background,
  type ColorMode,
  type Connection,
  Controls,
  type FitViewOptions,
  ReactFlow,
  type ReactFlowInstance,
  useNodesState
} from '@xyflow/react';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';

import { ModuleCard, type ModuleNode } from './cards/module';
import {
  type ConnectionEdge,
  type ISelection,
  movedEdits,
  removalEdits,
  toSelection
} from './edits';
import { isRearranged, toEdges, toNodes } from './flow';
import type { Edit, IPipelineDocument, States } from './wire';

const NODE_TYPES = { module: ModuleCard };
const DELETE_KEYS = ['Backspace', 'Delete'];
const FIT = {
  padding: { x: '32px', top: '32px', bottom: '64px' },
  maxZoom: 1
} satisfies FitViewOptions;

export interface ICanvasProps {
  pipeline: IPipelineDocument;
  states: States;
  /** Grows when an edit was refused, so that the picture goes back. */
  refusals: number;
  colorMode: ColorMode;
  edit: (edit: Edit) => void;
  onSelect: (selection: ISelection) => void;
}

export function Canvas(props: ICanvasProps): JSX.Element {
  const { pipeline, states, refusals, edit, onSelect } = props;
  const [nodes, setNodes, applyChanges] = useNodesState<ModuleNode>([]);
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const flow = useRef<ReactFlowInstance<ModuleNode, ConnectionEdge>>();
  const frame = useRef<HTMLDivElement>(null);
  // Whether a person chose what part is shown; until then, all of it is.
  const isMoved = useRef(false);

  useEffect(() => {
    setNodes(before => {
      const known = new Map(before.map(node => [node.id, node]));
      return toNodes(pipeline).map(node => {
        const { dragging, position } = known.get(node.id) ?? {};
        // What React Flow measured and marked stays, and so does the place of
        // a card that is held right now.
        return {
          ...known.get(node.id),
          ...node,
          position: dragging && position ? position : node.position
        };
      });
    });
  }, [pipeline, refusals, setNodes]);

  useEffect(() => {
    if (isRearranged(pipeline, flow.current?.getNodes() ?? [])) {
      isMoved.current = false;
      void flow.current?.fitView({ ...FIT, duration: 200 });
    }
  }, [pipeline]);

  // The output is laid out late, and narrower when a side area opens.
  useEffect(() => {
    const observer = new ResizeObserver(() => {
      if (!isMoved.current) {
        void flow.current?.fitView(FIT);
      }
    });
    if (frame.current) {
      observer.observe(frame.current);
    }
    return () => observer.disconnect();
  }, []);

  const edges = useMemo(
    () => toEdges(pipeline, states, selected),
    [pipeline, states, selected]
  );
  const connect = useCallback(
    ({ source, sourceHandle, target, targetHandle }: Connection) =>
      edit({
        type: 'connect',
        from: [source, sourceHandle ?? ''],
        to: [target, targetHandle ?? '']
      }),
    [edit]
  );
  const select = useCallback(
    (selection: { nodes: ModuleNode[]; edges: ConnectionEdge[] }) =>
      onSelect(toSelection(selection)),
    [onSelect]
  );

  return (
    <ReactFlow<ModuleNode, ConnectionEdge>
      ref={frame}
      nodes={nodes}
      edges={edges}
      nodeTypes={NODE_TYPES}
      onInit={instance => (flow.current = instance)}
      colorMode={props.colorMode}
      fitView
      fitViewOptions={FIT}
      minZoom={0.2}
      maxZoom={2}
      // The wheel belongs to the notebook; zoom by buttons, pinch or Ctrl.
      zoomOnScroll={false}
      preventScrolling={false}
      zoomOnDoubleClick={false}
      connectOnClick={false}
      connectionRadius={24}
      deleteKeyCode={DELETE_KEYS}
      onNodesChange={changes => {
        applyChanges(changes);
        movedEdits(changes).forEach(edit);
      }}
      onEdgesChange={changes =>
        setSelected(before => {
          const after = new Set(before);
          for (const change of changes) {
            if (change.type === 'select') {
              after[change.selected ? 'add' : 'delete'](change.id);
            }
          }
          return after;
        })
      }
      onBeforeDelete={async selection => {
        removalEdits(toSelection(selection)).forEach(edit);
        return false;
      }}
      onConnect={connect}
      // Without an event, it was not a person who moved it.
      onMoveStart={event => (isMoved.current ||= event !== null)}
      onSelectionChange={select}
    >
      <Background />
      <Controls
        showInteractive={false}
        fitViewOptions={FIT}
        onZoomIn={() => (isMoved.current = true)}
        onZoomOut={() => (isMoved.current = true)}
        onFitView={() => (isMoved.current = false)}
      />
    </ReactFlow>
  );
}
