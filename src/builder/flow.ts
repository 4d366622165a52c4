/** A pipeline as React Flow's nodes and edges. */
import { MarkerType } from '@xyflow/react';

import type { ModuleNode } from './cards/module';
import type { ConnectionEdge } from './edits';
import { connectionId, connectionText, positionOf } from './format';
import type { IPipelineDocument, States } from './wire';

const ARROW = {
  type: MarkerType.ArrowClosed,
  width: 14,
  height: 14,
  color: 'var(--xy-edge-stroke)'
};

function toNodes(pipeline: IPipelineDocument): ModuleNode[] {
  return pipeline.modules.map((module, index) => ({
    id: module.id,
    type: 'module',
    position: positionOf(pipeline, module.id, index),
    data: { module },
    ariaLabel: `module ${module.name}`
  }));
}

/** The cards of a changed pipeline. */
export function updatedNodes(
  pipeline: IPipelineDocument,
  before: ModuleNode[]
): ModuleNode[] {
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
}

export function toEdges(
  pipeline: IPipelineDocument,
  states: States,
  selected: ReadonlySet<string>
): ConnectionEdge[] {
  return pipeline.connections.map(connection => {
    const id = connectionId(connection);
    return {
      id,
      source: connection.from[0],
      sourceHandle: connection.from[1],
      target: connection.to[0],
      targetHandle: connection.to[1],
      data: { connection },
      selected: selected.has(id),
      animated: states[connection.to[0]]?.state === 'running',
      markerEnd: ARROW,
      ariaLabel: `connection from ${connectionText(connection, pipeline)}`
    };
  });
}

/** Whether modules came, or stand where no one has dragged them. */
export function isRearranged(pipeline: IPipelineDocument, shown: ModuleNode[]) {
  const places = new Map(shown.map(({ id, position }) => [id, position]));
  return pipeline.modules.some(({ id }, index) => {
    const before = places.get(id);
    const after = positionOf(pipeline, id, index);
    return (
      !before ||
      Math.abs(before.x - after.x) > 1 ||
      Math.abs(before.y - after.y) > 1
    );
  });
}
