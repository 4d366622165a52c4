import type { IPipelineDocument } from '../wire';

/** find_images → thumbnail (a map) → montage, and nothing after montage. */
export const PIPELINE: IPipelineDocument = {
  name: 'thumbnails',
  modules: [
    {
      id: 'a',
      name: 'find_images',
      kind: 'function',
      inputs: [{ name: 'folder', type: 'str', depth: 0, required: true }],
      outputs: [{ name: 'result', type: 'str', depth: 1 }],
      parameters: { folder: 'photos' },
      card: { hint: 'photos:find_images', badges: [], progress: false }
    },
    {
      id: 'b',
      name: 'thumbnail',
      kind: 'map',
      inputs: [
        { name: 'path', type: 'str', depth: 1, required: true },
        { name: 'size', type: 'int', depth: 0, required: false, default: 128 }
      ],
      outputs: [{ name: 'result', type: 'ndarray', depth: 1 }],
      parameters: { size: 64 },
      card: {
        hint: 'photos:thumbnail',
        badges: ['map over path'],
        progress: true
      }
    },
    {
      id: 'c',
      name: 'montage',
      kind: 'function',
      inputs: [{ name: 'images', type: 'ndarray', depth: 1, required: true }],
      outputs: [{ name: 'result', type: 'ndarray', depth: 0 }],
      parameters: {},
      card: { hint: 'photos:montage', badges: [], progress: false }
    }
  ],
  connections: [{ from: ['a', 'result'], to: ['b', 'path'] }],
  layout: { a: [0, 0], b: [300, 0], c: [600, 0] }
};
