/** Which part of the picture is shown. */
import type { FitViewOptions, ReactFlowInstance } from '@xyflow/react';
import {
  useEffect,
  useRef,
  type MutableRefObject,
  type RefObject
} from 'react';

import type { ModuleNode } from './cards/module';
import type { ConnectionEdge } from './edits';
import { isRearranged } from './flow';
import type { IPipelineDocument } from './wire';

export const FIT = {
  padding: { x: '32px', top: '32px', bottom: '64px' },
  maxZoom: 1
} satisfies FitViewOptions;

type Flow = ReactFlowInstance<ModuleNode, ConnectionEdge>;

interface IFit {
  flow: MutableRefObject<Flow | undefined>;
  frame: RefObject<HTMLDivElement>;
  /** Whether a person chose what part is shown; until then, all of it is. */
  isMoved: MutableRefObject<boolean>;
}

/** Keep all of the pipeline in view until a person chooses a part of it. */
export function useFit(pipeline: IPipelineDocument): IFit {
  const flow = useRef<Flow>();
  const frame = useRef<HTMLDivElement>(null);
  const isMoved = useRef(false);
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
  return { flow, frame, isMoved };
}
