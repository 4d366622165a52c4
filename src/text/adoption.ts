/** What was left running, told apart from the other problems. */
import type { IClusterInfo, IProblem } from '../api/types';

/** The name of the action that takes over what was left running. */
const ADOPT = 'adopt';

/** What can be adopted, in the server's words. */
export interface IOffer {
  what: string;
  /** When it ends by itself, where `what` does not say it; else empty. */
  lease: string;
}

/**
 * The offer of a supervisor that knows no `action` yet; null where it is none.
 *
 * Supervisors live on while this page is upgraded. This is the only place where the words of a
 * problem are read, and goes when no such supervisor can be left.
 */
function offerOfOldSupervisor(problem: IProblem): IOffer | null {
  const { where, what, fix } = problem;
  if (where !== 'cluster' || !fix.startsWith('adopt ')) {
    return null;
  }
  const [, lease = ''] = fix.split('; ');
  return {
    what,
    lease: lease && `${lease[0].toUpperCase()}${lease.slice(1)}.`
  };
}

function offerOf(problem: IProblem): IOffer | null {
  if (problem.action === undefined) {
    return offerOfOldSupervisor(problem);
  }
  return problem.action?.name === ADOPT
    ? { what: problem.what, lease: '' }
    : null;
}

/** What nobody owns any more and can be adopted; null for nothing. */
export function offer(cluster: IClusterInfo): IOffer | null {
  for (const problem of cluster.problems) {
    const found = offerOf(problem);
    if (found) {
      return found;
    }
  }
  return null;
}

/** The problems without the one that the offer to adopt tells. */
export function otherProblems(cluster: IClusterInfo): IProblem[] {
  return cluster.problems.filter(problem => offerOf(problem) === null);
}
