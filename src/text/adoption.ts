/** What was left running, told apart from the other problems. */
import type { IClusterInfo, IProblem } from '../api/types';

/** Whether a problem is that something can be adopted. */
function isAdoption(problem: IProblem): boolean {
  return problem.where === 'cluster' && problem.fix.startsWith('adopt ');
}

/** What nobody owns any more and can be adopted, in the server's words; null for nothing. */
export function adoption(cluster: IClusterInfo): IProblem | null {
  return cluster.problems.find(isAdoption) ?? null;
}

/** The problems without the one that the offer to adopt tells. */
export function otherProblems(cluster: IClusterInfo): IProblem[] {
  return cluster.problems.filter(problem => !isAdoption(problem));
}
