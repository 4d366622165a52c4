/** What a person did to the picture, as edits to ask for. */
import type { Connection, Edge, NodeChange } from '@xyflow/react';

import type { ModuleNode } from './cards/module';
import type { Edit, IConnection } from './wire';

export type ConnectionEdge = Edge<{ connection: IConnection }>;

/** What is marked: modules and connections. */
export interface ISelection {
  modules: string[];
  connections: IConnection[];
}

/** Ask for a connection that was drawn. */
export function connectEdit(connection: Connection): Edit {
  const { source, sourceHandle, target, targetHandle } = connection;
  return {
    type: 'connect',
    from: [source, sourceHandle ?? ''],
    to: [target, targetHandle ?? '']
  };
}

/** Ask for the removal of what is marked; Python takes it away or refuses. */
export function removalEdits(selection: ISelection): Edit[] {
  const removed = new Set(selection.modules);
  return [
    // A module takes its connections along.
    ...selection.connections
      .filter(({ from, to }) => !removed.has(from[0]) && !removed.has(to[0]))
      .map(({ from, to }): Edit => ({ type: 'disconnect', from, to })),
    ...selection.modules.map((id): Edit => ({ type: 'remove', id }))
  ];
}

/** The positions that a person has finished changing. */
export function movedEdits(changes: NodeChange<ModuleNode>[]): Edit[] {
  return changes.flatMap((change): Edit[] =>
    change.type === 'position' && change.dragging === false && change.position
      ? [
          {
            type: 'move',
            id: change.id,
            position: [
              Math.round(change.position.x),
              Math.round(change.position.y)
            ]
          }
        ]
      : []
  );
}

export function toSelection(selection: {
  nodes: ModuleNode[];
  edges: ConnectionEdge[];
}): ISelection {
  return {
    modules: selection.nodes.map(node => node.id),
    connections: selection.edges.flatMap(edge => edge.data?.connection ?? [])
  };
}
