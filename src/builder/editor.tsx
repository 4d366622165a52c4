import type { ColorMode } from '@xyflow/react';
import { useCallback, useEffect, useMemo, useState } from 'react';

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

/** Shows a pipeline and lets it be edited and run. Knows no Jupyter. */
export function PipelineEditor(props: IPipelineEditorProps): JSX.Element {
  const { pipeline, states, refusal, onEdit } = props;
  const [pending, setPending] = useState<PortPath | null>(null);
  const [selection, setSelection] = useState(NO_SELECTION);
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
  const editing = useMemo(
    (): IEditing => ({
      pipeline,
      states,
      pending,
      refusals,
      edit,
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
  const hint = pending
    ? `${outputText(pending, pipeline)} is chosen: now choose the input to connect it to, or press Escape.`
    : '';

  return (
    <EditingContext.Provider value={editing}>
      <div
        className="parflow-Editor"
        role="group"
        aria-label={`Pipeline ${pipeline.name}`}
        onFocusCapture={event =>
          // JupyterLab looks for this on the focused element itself, before
          // it takes a key for a shortcut of the notebook.
          event.target.setAttribute('data-lm-suppress-shortcuts', 'true')
        }
        onContextMenu={event => event.stopPropagation()}
        onKeyDown={event => event.key === 'Escape' && setPending(null)}
      >
        <Toolbar
          name={pipeline.name}
          isRunning={props.isRunning}
          removal={removalText(selection)}
          edit={edit}
          remove={() => removalEdits(selection).forEach(edit)}
        />
        {refusal && !isDismissed && (
          <div role="alert" className="parflow-Alert">
            {refusal.message}
          </div>
        )}
        <div className="parflow-Canvas">
          <Canvas
            pipeline={pipeline}
            states={states}
            refusals={refusals}
            colorMode={props.colorMode}
            edit={edit}
            onSelect={setSelection}
          />
          {pipeline.modules.length === 0 && (
            <p className="parflow-Empty">
              This pipeline has no modules yet. Add one in Python:{' '}
              <code>pipeline.add(function)</code>
            </p>
          )}
          <div role="status" aria-label="Hint" className="parflow-Hint">
            {hint}
          </div>
        </div>
        <Problems problems={props.problems} />
      </div>
    </EditingContext.Provider>
  );
}
