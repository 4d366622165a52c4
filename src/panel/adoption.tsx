import type { TranslationBundle } from '@jupyterlab/translation';
import { useState } from 'react';

import type { IClusterInfo } from '../api/types';
import { Alert } from '../components/problems';
import { offer } from '../text/adoption';
import { CommandIDs } from '../tokens';
import type { Execute } from './execute';

function useAdopt(execute: Execute) {
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const adopt = async () => {
    setBusy(true);
    setError(null);
    try {
      await execute(CommandIDs.adopt);
    } catch (reason) {
      setError((reason as Error).message);
    }
    setBusy(false);
  };
  return { isBusy, error, adopt };
}

/** Offers what a former server, or somebody on purpose, left running. */
export function Adoption(props: {
  cluster: IClusterInfo;
  trans: TranslationBundle;
  execute: Execute;
}): JSX.Element | null {
  const { cluster, trans, execute } = props;
  const { isBusy, error, adopt } = useAdopt(execute);
  const found = offer(cluster);
  return (
    found && (
      <div
        role="group"
        aria-label={trans.__('Left running')}
        className="jp-parflow-Notice"
      >
        <p>{found.what}</p>
        <p className="jp-parflow-hint">
          {trans.__(
            'What is adopted counts as started here, and ends with this server.'
          )}{' '}
          {found.lease}
        </p>
        {error && <Alert>{error}</Alert>}
        <button
          type="button"
          className="jp-parflow-Button jp-parflow-mod-small"
          disabled={isBusy}
          onClick={() => void adopt()}
        >
          {trans.__('Adopt')}
        </button>
      </div>
    )
  );
}
