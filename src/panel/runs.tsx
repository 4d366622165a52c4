/** Maps and pipelines that run, and those that ended lately. */
import { Notification } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';

import type { IRun } from '../api/types';
import { Progress } from '../components/progress';
import { Section } from '../components/section';
import { runCount, runName, runStateText, symbolOf } from '../text/run';
import { stateSymbol } from '../text/state';
import { ago, duration } from '../text/units';
import type { IClustersModel } from '../tokens';

/** What is said of a run in one line. */
function facts(parts: (string | null | undefined | false)[]): string {
  return parts.filter(Boolean).join(' · ');
}

function fileName(path: string | null | undefined): string | null {
  return path ? (path.split('/').pop() ?? null) : null;
}

function CancelButton(props: {
  run: IRun;
  model: IClustersModel;
  trans: TranslationBundle;
}): JSX.Element {
  const { run, model, trans } = props;
  const cancel = () => {
    model.stopRun(run.run).catch((error: Error) => {
      Notification.error(error.message, { autoClose: false });
    });
  };
  return (
    <button
      type="button"
      className="jp-parflow-Button jp-parflow-mod-small"
      aria-label={trans.__('Cancel %1', runName(run))}
      disabled={run.state === 'stopping'}
      onClick={cancel}
    >
      {trans.__('Cancel')}
    </button>
  );
}

function RunningRun(props: {
  run: IRun;
  model: IClustersModel;
  trans: TranslationBundle;
}): JSX.Element {
  const { run, trans } = props;
  const name = runName(run);
  const isStopping = run.state === 'stopping';
  return (
    <li className="jp-parflow-Run">
      <div className="jp-parflow-Row">
        <span className="jp-parflow-Run-name" title={name}>
          {name}
        </span>
        <CancelButton {...props} />
      </div>
      <Progress
        label={trans.__('Progress of %1', name)}
        done={run.done}
        total={run.total}
      />
      <span className="jp-parflow-hint" title={run.reason ?? undefined}>
        {facts([
          runCount(run, trans),
          run.failed ? trans.__('%1 failed', run.failed) : null,
          isStopping ? trans.__('stopping') : run.scheme,
          fileName(run.notebook)
        ])}
      </span>
    </li>
  );
}

function RunState(props: { run: IRun; text: string }): JSX.Element {
  const { run, text } = props;
  return (
    <span
      className="jp-parflow-Run-state"
      data-state={run.failed ? 'failed' : run.state}
      title={text}
    >
      <span aria-hidden="true">{stateSymbol(symbolOf(run))}</span>
      <span className="jp-parflow-unseen">{text}</span>
    </span>
  );
}

function RecentRun(props: {
  run: IRun;
  trans: TranslationBundle;
}): JSX.Element {
  const { run, trans } = props;
  const name = runName(run);
  const state = runStateText(run.state, trans);
  const { started, finished } = run;
  const isTimed = typeof started === 'number' && typeof finished === 'number';
  return (
    <li className="jp-parflow-Run">
      <div className="jp-parflow-Row">
        <RunState run={run} text={state} />
        <span className="jp-parflow-Run-name" title={name}>
          {name}
        </span>
        <span className="jp-parflow-hint">
          {typeof finished === 'number' ? ago(finished, trans) : state}
        </span>
      </div>
      <span
        className="jp-parflow-hint jp-parflow-Run-facts"
        title={run.reason ?? undefined}
      >
        {facts([
          runCount(run, trans),
          run.failed ? trans.__('%1 failed', run.failed) : null,
          run.state === 'done' ? null : state,
          isTimed && duration(Math.max(0, finished - started)),
          run.scheme,
          fileName(run.notebook)
        ])}
      </span>
    </li>
  );
}

function Recent(props: {
  runs: readonly IRun[];
  trans: TranslationBundle;
}): JSX.Element {
  const { runs, trans } = props;
  const failed = runs.filter(
    run => run.failed || run.state === 'failed'
  ).length;
  return (
    <details className="jp-parflow-Recent">
      <summary>
        {trans.__('Recent runs')}{' '}
        <span className="jp-parflow-hint">
          {facts([
            String(runs.length),
            failed > 0 && trans.__('%1 with failures', failed)
          ])}
        </span>
      </summary>
      <ul className="jp-parflow-Runs">
        {runs.map(run => (
          <RecentRun key={run.run} run={run} trans={trans} />
        ))}
      </ul>
    </details>
  );
}

export function Runs(props: {
  model: IClustersModel;
  trans: TranslationBundle;
}): JSX.Element | null {
  const { model, trans } = props;
  const { runs, recentRuns } = model;
  return (
    runs && (
      <Section title={trans.__('Running maps')}>
        {runs.length === 0 ? (
          <p className="jp-parflow-empty">{trans.__('No map is running.')}</p>
        ) : (
          <ul className="jp-parflow-Runs">
            {runs.map(run => (
              <RunningRun key={run.run} run={run} model={model} trans={trans} />
            ))}
          </ul>
        )}
        {recentRuns.length > 0 && <Recent runs={recentRuns} trans={trans} />}
      </Section>
    )
  );
}
