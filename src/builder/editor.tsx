import type { ColorMode } from '@xyflow/react';
import {
  useCallback,
  useEffect,
  useMemo,
  useState,
  type ReactNode
} from 'react';

import { Canvas } from './canvas';
import { EditingContext, type IEditing } from './context';
import { type ISelection, removalEdits } from './edits';
import { outputText } from './format';
import { removalText, Toolbar } from './toolbar';
import type {
  Edit,
  IPipelineDocument,
  IProblem,
  PortPath,
  States
} from './wire';

export interface IRefusal {
  message: string;
  /** Tells one refusal from the next. */
  count: number;
}

export interface IPipelineEditorProps {
  pipeline: IPipelineDocument;
  states: States;
  problems: IProblem[];
  isRunning: boolean;
  /** Why the last edit did not happen, until the next one. */
  refusal: IRefusal | null;
  colorMode: ColorMode;
  /** What a person asked for; the pipeline changes only through the props. */
  onEdit: (edit: Edit) => void;
}

function Problems(props: { problems: IProblem[] }): JSX.Element {
  const { problems } = props;
  return (
    <div role="status" aria-label="Problems" className="parflow-Problems">
      {problems.length > 0 && (
        <ul>
          {problems.map(({ where, what, fix }, index) => (
            <li key={index}>
              <strong>{where}</strong>: {what}
              {fix && ` – ${fix}`}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

const NO_SELECTION: ISelection = { modules: [], connections: [] };

/** Edits by the cards, and the output that was chosen on one of them. */
function useConnecting(
  props: IPipelineEditorProps,
  edit: (edit: Edit) => void
): IEditing & { forget: () => void } {
  const { pipeline, states } = props;
  const refusals = props.refusal?.count ?? 0;
  const [pending, setPending] = useState<PortPath | null>(null);
  return useMemo(
    () => ({
      pipeline,
      states,
      pending,
      refusals,
      edit,
      forget: () => setPending(null),
      clickOutput: port =>
        setPending(before =>
          before?.[0] === port[0] && before[1] === port[1] ? null : port
        ),
      clickInput: port => {
        if (pending) {
          setPending(null);
          edit({ type: 'connect', from: pending, to: port });
        }
      }
    }),
    [pipeline, states, pending, refusals, edit]
  );
}

/** The refusal until the next edit, and how an edit is asked for. */
function useEdit({ refusal, onEdit }: IPipelineEditorProps) {
  const [isDismissed, setDismissed] = useState(false);
  const refusals = refusal?.count ?? 0;
  useEffect(() => setDismissed(false), [refusals]);
  const edit = useCallback(
    (change: Edit) => {
      setDismissed(true);
      onEdit(change);
    },
    [onEdit]
  );
  return { edit, refused: isDismissed ? null : refusal };
}

/** What stands on the canvas besides the pipeline. */
function Notes(props: {
  pipeline: IPipelineDocument;
  pending: PortPath | null;
}): JSX.Element {
  const { pipeline, pending } = props;
  return (
    <>
      {pipeline.modules.length === 0 && (
        <p className="parflow-Empty">
          This pipeline has no modules yet. Add one in Python:{' '}
          <code>pipeline.add(function)</code>
        </p>
      )}
      <div role="status" aria-label="Hint" className="parflow-Hint">
        {pending
          ? `${outputText(pending, pipeline)} is chosen: now choose the input to connect it to, or press Escape.`
          : ''}
      </div>
    </>
  );
}

/** Keeps its keys and its menu from what is around it. */
function Frame(props: {
  name: string;
  onEscape: () => void;
  children: ReactNode;
}): JSX.Element {
  return (
    <div
      className="parflow-Editor"
      role="group"
      aria-label={`Pipeline ${props.name}`}
      onFocusCapture={event =>
        // JupyterLab looks for this on the focused element itself, before
        // it takes a key for a shortcut of the notebook.
        event.target.setAttribute('data-lm-suppress-shortcuts', 'true')
      }
      onContextMenu={event => event.stopPropagation()}
      onKeyDown={event => event.key === 'Escape' && props.onEscape()}
    >
      {props.children}
    </div>
  );
}

/** Shows a pipeline and lets it be edited and run. Knows no Jupyter. */
export function PipelineEditor(props: IPipelineEditorProps): JSX.Element {
  const { pipeline, states } = props;
  const [selection, setSelection] = useState(NO_SELECTION);
  const { edit, refused } = useEdit(props);
  const editing = useConnecting(props, edit);
  return (
    <EditingContext.Provider value={editing}>
      <Frame name={pipeline.name} onEscape={editing.forget}>
        <Toolbar
          name={pipeline.name}
          isRunning={props.isRunning}
          removal={removalText(selection)}
          edit={edit}
          remove={() => removalEdits(selection).forEach(edit)}
        />
        {refused && (
          <div role="alert" className="parflow-Alert">
            {refused.message}
          </div>
        )}
        <div className="parflow-Canvas">
          <Canvas
            pipeline={pipeline}
            states={states}
            refusals={editing.refusals}
            colorMode={props.colorMode}
            edit={edit}
            onSelect={setSelection}
          />
          <Notes pipeline={pipeline} pending={editing.pending} />
        </div>
        <Problems problems={props.problems} />
      </Frame>
    </EditingContext.Provider>
  );
}
