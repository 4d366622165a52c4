/** What went wrong, or may. */
import type { ReactNode } from 'react';

import type { IProblem } from '../api/types';

/** A message that is read out at once. */
export function Alert(props: { children: ReactNode }): JSX.Element {
  return (
    <div role="alert" className="jp-parflow-Alert">
      {props.children}
    </div>
  );
}

export function Problems(props: {
  problems: readonly IProblem[];
}): JSX.Element | null {
  return props.problems.length === 0 ? null : (
    <ul className="jp-parflow-Problems">
      {props.problems.map(({ where, what, fix }, index) => (
        <li key={index}>
          <strong>{where}</strong>: {what}
          {fix && <span className="jp-parflow-Problems-fix">{fix}</span>}
        </li>
      ))}
    </ul>
  );
}
